import { answerFrom, answerMissing, answerStale, finish } from './arrive.ts'
import { anyTime } from './change-tokens.ts'
import type { NodeFlight } from './errand.ts'
import { claim } from './lease.ts'
import { madeStale } from '../kernel/entry.ts'
import { useOf } from './lifetime.ts'
import { load } from './load.ts'
import type { Plan } from './plan.ts'
import { readStanding } from './reach/read-standing.ts'
import type { Route } from './route.ts'
import { copyUp } from './write.ts'

/**
 * The way of flights of one node that started in one turn: the remote tiers in order, the lease, the load, the writes.
 * Each leaves it where it finds its value. However it ends, all of them are settled and off the table.
 */
export async function travel<Params, Value>(
  plan: Plan<Params, Value>,
  flights: readonly NodeFlight<Params, Value>[],
): Promise<void> {
  const route: Route<Value> = { down: new Set(), marked: new Set(), at: plan.labels.count }
  // What has to end before the way has.
  const ends: Promise<void>[] = []
  try {
    const looking = flights.filter((flight) => flight.errand.purpose !== 'refresh')
    const missing = await readTiers(plan, looking, route, ends)
    const loading = flights.filter((flight) => flight.errand.purpose === 'refresh').concat(missing)
    if (loading.length > 0) {
      const { ready, waiting } = await claim(plan, loading, route)
      ends.push(load(plan, ready, route), ...waiting)
    }
    if (ends.length > 0) await Promise.all(ends)
  } catch (error) {
    for (const flight of flights) if (!flight.landed) flight.reject(error)
  } finally {
    for (const flight of flights) finish(plan, flight)
  }
}

// Answers what the remote tiers have; returns the flights that have to load.
async function readTiers<Params, Value>(
  plan: Plan<Params, Value>,
  flights: readonly NodeFlight<Params, Value>[],
  route: Route<Value>,
  ends: Promise<void>[],
): Promise<NodeFlight<Params, Value>[]> {
  let missing = [...flights]
  for (const [depth, tier] of plan.remoteTiers.entries()) {
    if (missing.length === 0) break
    const isLast = tier === plan.authority
    // Whoever names the token of a change wants nothing that may be older, and of a copy nobody knows.
    const passing = isLast ? [] : missing.filter(({ errand }) => errand.notBefore !== anyTime)
    const asked = passing.length === 0 ? missing : missing.filter(({ errand }) => errand.notBefore === anyTime)
    if (asked.length === 0) continue
    const entries = await readStanding(plan, tier, asked, route).catch(() => undefined)
    if (entries === undefined) {
      route.down.add(tier)
      continue
    }
    const now = plan.commons.clock.now()
    const missingHere = asked.filter((flight, index) => {
      const { errand } = flight
      const entry = entries[index]
      if (isLast && errand.suspect) plan.epochs.verifiedCount++
      if (entry !== undefined && !isLast && !plan.epochs.trusts(entry.epoch)) {
        tier.counters.misses++
        errand.suspect = true
        errand.fallback = { entry: madeStale(entry, Math.min(now, plan.epochs.since)), tier, suspect: true }
        return true
      }
      const use = entry === undefined ? 'none' : useOf(entry, now, errand.lifetime, errand.maxAge)
      if (entry === undefined || use === 'none') {
        tier.counters.misses++
        // The authority would have kept it for as long as it may be served: it was invalidated, by whomever.
        if (isLast) giveUpFallback(plan, flight)
        return true
      }
      // The lower a tier, the truer: a stale entry found here replaces one from above.
      errand.fallback = { entry, tier }
      if (use !== 'fresh') return true
      answerFrom(plan, flight, { entry, tier }, false)
      const copied = copyUp(plan, flight, entry, depth, route)
      if (copied === undefined) finish(plan, flight)
      else ends.push(copied.finally(() => finish(plan, flight)))
      return false
    })
    missing = passing.concat(missingHere)
  }
  return missing.filter((flight) => {
    const { errand } = flight
    const isDown = plan.authority !== undefined && route.down.has(plan.authority)
    answerStale(plan, flight, errand.purpose === 'lookup' && isDown && errand.suspect ? 'error' : 'revalidating')
    if (errand.purpose !== 'lookup') return true
    if (flight.settled) finish(plan, flight)
    else answerMissing(plan, flight)
    return false
  })
}

// A copy in memory of what is there no more is not to be served later either, when the authority can't be asked.
function giveUpFallback<Params, Value>(plan: Plan<Params, Value>, flight: NodeFlight<Params, Value>): void {
  const { fallback, notBefore } = flight.errand
  if (fallback === undefined && notBefore === anyTime) return
  flight.errand.fallback = undefined
  if (flight.fenced) for (const tier of plan.localTiers) tier.drop(flight.key)
}
