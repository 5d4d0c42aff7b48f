import type { Timer } from '../kernel/clock.ts'
import { answerStale } from './arrive.ts'
import type { NodeFlight } from './errand.ts'
import type { Plan } from './plan.ts'

/** Serves a stale value, if there is one, to those who have waited for the soft limit; the load goes on behind. */
export function softLimit<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
): Timer | undefined {
  const { soft } = plan.limits
  if (soft === Infinity || flight.errand.fallback === undefined || flight.settled) return undefined
  return plan.commons.clock.after(soft, () => answerStale(plan, flight, 'error'))
}
