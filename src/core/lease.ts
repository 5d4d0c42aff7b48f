import type { Clock } from '../kernel/clock.ts'
import type { Entry } from '../kernel/entry.ts'
import { answerFrom, answerStale, countFlightMiss, finish } from './arrive.ts'
import type { NodeFlight } from './errand.ts'
import { useOf } from './lifetime.ts'
import { load } from './load.ts'
import type { Plan } from './plan.ts'
import { claimedStanding } from './reach/read-standing.ts'
import type { Route } from './route.ts'
import { softLimit } from './soft-limit.ts'
import type { RemoteTier } from './tiers/remote-tier.ts'
import { copyUp, release } from './write.ts'

/**
 * Asks the authority which flights may load. Those that may come back; of the others each waits, by itself, for what
 * the holder of its lease will bring.
 */
export async function claim<Params, Value>(
  plan: Plan<Params, Value>,
  flights: readonly NodeFlight<Params, Value>[],
  route: Route<Value>,
): Promise<{ readonly ready: readonly NodeFlight<Params, Value>[]; readonly waiting: readonly Promise<void>[] }> {
  const { authority } = plan
  if (flights.length === 0 || authority === undefined || !authority.channel.leases || route.down.has(authority)) {
    return { ready: flights, waiting: [] }
  }
  const outcomes = await claimOf(plan, authority, flights, route)
  if (outcomes === undefined) {
    route.down.add(authority)
    return { ready: flights, waiting: [] }
  }
  const ready: NodeFlight<Params, Value>[] = []
  const waiting: Promise<void>[] = []
  for (const [index, flight] of flights.entries()) {
    const outcome = outcomes[index]
    if (outcome === 'won') ready.push(flight)
    else if (outcome === 'held') waiting.push(waitForHolder(plan, authority, flight, route))
    else waiting.push(takeOver(plan, flight, route))
  }
  return { ready, waiting }
}

type Outcome = 'won' | 'held' | 'found'

async function claimOf<Params, Value>(
  plan: Plan<Params, Value>,
  authority: RemoteTier<Value>,
  flights: readonly NodeFlight<Params, Value>[],
  route: Route<Value>,
): Promise<Outcome[] | undefined> {
  const token = plan.commons.chance.token()
  const wanted = flights.map((flight) => ({ key: flight.key, force: flight.errand.purpose === 'refresh' }))
  const answers = await authority.claim(wanted, token, plan.lease.ttl).catch(() => undefined)
  if (answers === undefined) {
    // It may have been granted all the same; nobody is to wait for a holder who doesn't know of it.
    for (const flight of flights) {
      flight.errand.token = token
      release(plan, flight)
    }
    return undefined
  }
  for (const [index, flight] of flights.entries()) if (answers[index]?.won === true) flight.errand.token = token
  const found = answers.map((answer) => answer.found)
  const entries = found.every((one) => one === undefined) ? [] : await claimedStanding(plan, flights, found, route)
  return flights.map((flight, index) => judge(plan, authority, flight, entries[index], answers[index]?.won === true))
}

// Somebody may have written between this flight's read and its claim.
function judge<Params, Value>(
  plan: Plan<Params, Value>,
  authority: RemoteTier<Value>,
  flight: NodeFlight<Params, Value>,
  entry: Entry<Value> | undefined,
  won: boolean,
): Outcome {
  const { errand } = flight
  const outcome = won ? 'won' : 'held'
  if (entry === undefined || errand.purpose === 'refresh') return outcome
  const use = useOf(entry, plan.commons.clock.now(), errand.lifetime, errand.maxAge)
  if (use === 'none') return outcome
  errand.fallback = { entry, tier: authority }
  return use === 'fresh' ? 'found' : outcome
}

async function takeOver<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  route: Route<Value>,
): Promise<void> {
  const { fallback } = flight.errand
  release(plan, flight)
  if (fallback === undefined) return
  answerFrom(plan, flight, fallback, false)
  await copyUp(plan, flight, fallback.entry, plan.remoteTiers.length - 1, route)
  finish(plan, flight)
}

async function waitForHolder<Params, Value>(
  plan: Plan<Params, Value>,
  authority: RemoteTier<Value>,
  flight: NodeFlight<Params, Value>,
  route: Route<Value>,
): Promise<void> {
  const { commons, lease, counters } = plan
  if (flight.settled || flight.errand.purpose === 'revalidate' || answerStale(plan, flight, 'revalidating')) {
    return finish(plan, flight)
  }
  countFlightMiss(plan, flight)
  counters.coalesced++
  const limit = softLimit(plan, flight)
  const outcome = await waitForOutcome(plan, authority, flight, { until: commons.clock.now() + lease.wait, route })
  limit?.cancel()
  if (outcome === 'found') return takeOver(plan, flight, route)
  if (flight.settled) {
    release(plan, flight)
    return finish(plan, flight)
  }
  if (outcome === 'down') {
    // Only on this flight's way: those that travel with it may hold leases there.
    return load(plan, [flight], { down: new Set([...route.down, authority]), marked: new Set(), at: plan.labels.count })
  }
  if (outcome === 'held') {
    flight.errand.surplus = true
    if (flight.fenced) counters.unleasedLoads++
  }
  // It has waited: what its tags and scopes were before says nothing of now.
  return load(plan, [flight], { down: route.down, marked: new Set(), at: plan.labels.count })
}

async function waitForOutcome<Params, Value>(
  plan: Plan<Params, Value>,
  authority: RemoteTier<Value>,
  flight: NodeFlight<Params, Value>,
  { until, route }: { readonly until: number; readonly route: Route<Value> },
): Promise<Outcome | 'down'> {
  const { clock } = plan.commons
  // A flight that an invalidation has detached asks no more: its lease would be in a younger one's way.
  while (flight.fenced && !flight.settled) {
    const left = until - clock.now()
    if (left <= 0) break
    await pauseUnbroken(flight, Math.min(plan.lease.retryEvery, left), clock)
    if (!flight.fenced) break
    const outcomes = await claimOf(plan, authority, [flight], route)
    if (outcomes === undefined) return 'down'
    const [outcome] = outcomes
    if (outcome !== 'held' && outcome !== undefined) return outcome
  }
  return 'held'
}

// A feed that tells of what the holder has written breaks the fence of whoever waits for it.
function pauseUnbroken<Params, Value>(
  flight: NodeFlight<Params, Value>,
  milliseconds: number,
  clock: Clock,
): Promise<void> {
  return new Promise((resolve) => {
    const goOn = (): void => {
      timer.cancel()
      flight.onBroken = undefined
      resolve()
    }
    const timer = clock.after(milliseconds, goOn)
    flight.onBroken = goOn
  })
}
