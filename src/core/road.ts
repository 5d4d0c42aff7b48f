import { answerFrom, answerMissing, answerStale, finish } from './arrive.ts'
import type { NodeFlight } from './errand.ts'
import { claim } from './lease.ts'
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
  const route: Route<Value> = { down: new Set(), marked: new Set() }
  const copies: Promise<void>[] = []
  try {
    const looking = flights.filter((flight) => flight.errand.purpose !== 'refresh')
    const missing = await readTiers(plan, looking, route, copies)
    const loading = flights.filter((flight) => flight.errand.purpose === 'refresh').concat(missing)
    const { ready, waiting } = await claim(plan, loading, route)
    await Promise.all([load(plan, ready, route), ...waiting, ...copies])
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
  copies: Promise<void>[],
): Promise<NodeFlight<Params, Value>[]> {
  let missing = [...flights]
  for (const [depth, tier] of plan.remoteTiers.entries()) {
    if (missing.length === 0) break
    const entries = await readStanding(plan, tier, missing, route)
    if (entries === undefined) {
      route.down.add(tier)
      continue
    }
    const now = plan.commons.clock.now()
    missing = missing.filter((flight, index) => {
      const { errand } = flight
      const entry = entries[index]
      const use = entry === undefined ? 'none' : useOf(entry, now, errand.lifetime, errand.maxAge)
      if (entry === undefined || use === 'none') {
        tier.counters.misses++
        // The authority would have kept it for as long as it may be served: it was invalidated, by whomever.
        if (tier === plan.authority) errand.fallback = undefined
        return true
      }
      // The lower a tier, the truer: a stale entry found here replaces one from above.
      errand.fallback = { entry, tier }
      if (use !== 'fresh') return true
      answerFrom(plan, flight, { entry, tier }, false)
      copies.push(copyUp(plan, flight, entry, depth, route).finally(() => finish(plan, flight)))
      return false
    })
  }
  return missing.filter((flight) => {
    answerStale(plan, flight, 'revalidating')
    if (flight.errand.purpose !== 'lookup') return true
    if (flight.settled) finish(plan, flight)
    else answerMissing(plan, flight)
    return false
  })
}
