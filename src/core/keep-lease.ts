import type { Timer } from '../kernel/clock.ts'
import type { NodeFlight } from './errand.ts'
import type { Plan } from './plan.ts'

/**
 * Renews a flight's lease while it loads, three times in a lease's life. A lease that is gone means that somebody has
 * changed the key: the flight may no longer write, and the next caller starts anew.
 */
export function keepLease<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
): Timer | undefined {
  const { authority, lease, commons } = plan
  const { token } = flight.errand
  if (token === undefined || authority === undefined) return undefined

  let timer: Timer
  const renew = async (): Promise<void> => {
    // A renewal that fails decides nothing: the authority does, when the value is written.
    const stood = await authority.renew(flight.key, token, lease.ttl).catch(() => true)
    if (stood || flight.errand.token !== token) return
    timer.cancel()
    flight.errand.leaseLost = true
    flight.breakFence()
  }
  const arm = (): Timer =>
    commons.clock.after(lease.ttl / 3, () => {
      timer = arm()
      commons.background.own(renew())
    })
  timer = arm()
  return { cancel: () => timer.cancel() }
}
