import { CacheError } from '../kernel/errors.ts'
import { countHit, countMiss } from './count.ts'
import type { Fallback, NodeFlight } from './errand.ts'
import { useOf } from './lifetime.ts'
import type { AnyPlan, Plan } from './plan.ts'
import { isValid } from './reach/stand.ts'

/** Answers a flight with what a tier had: fresh, it lands with it; stale, it serves it and goes on. */
export function answerFrom<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  found: Fallback<Value>,
  stale: boolean,
): void {
  const { errand } = flight
  if (!flight.settled) {
    if (!errand.counted) countHit(plan, flight.key, found.tier, stale)
    else if (stale && errand.purpose !== 'revalidate') plan.counters.stale++
    errand.counted = true
  }
  errand.entry = found.entry
  if (stale) flight.serve(found.entry.value)
  else flight.resolve(found.entry.value)
}

/** Answers a flight with its stale entry, if it has one that may be served for this reason. @returns whether it did */
export function answerStale<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  reason: 'revalidating' | 'error',
): boolean {
  const { fallback, lifetime, maxAge } = flight.errand
  // What an invalidation has named is served to nobody, whatever the load does.
  if (fallback === undefined || flight.settled || !flight.fenced || !isValid(plan, fallback.entry)) return false
  const use = useOf(fallback.entry, plan.commons.clock.now(), lifetime, maxAge)
  if (use === 'none' || (use === 'if-error' && reason !== 'error')) return false
  answerFrom(plan, flight, fallback, true)
  return true
}

/** Counts the request of a flight that has to load, once. */
export function countFlightMiss<Params, Value>(plan: Plan<Params, Value>, flight: NodeFlight<Params, Value>): void {
  if (flight.errand.counted) return
  flight.errand.counted = true
  countMiss(plan, flight.key)
}

/** Ends a flight that only looks, and found nothing. */
export function answerMissing<Params, Value>(plan: Plan<Params, Value>, flight: NodeFlight<Params, Value>): void {
  countFlightMiss(plan, flight)
  flight.resolve(undefined as Value)
  finish(plan, flight)
}

/** The error of a call that would have to load, of a node that has no load. */
export function missingLoad(plan: AnyPlan): CacheError {
  return new CacheError('INVALID_OPTION', `node '${plan.name}' has no load: give one to the call, as { load }`)
}

/** What a flight lands with that has served its callers and leaves the load to somebody else. No caller sees it. */
export const stoodDown: Error = new Error('left to another holder of the lease')

/** Takes a flight off the table, once. */
export function finish<Params, Value>(plan: Plan<Params, Value>, flight: NodeFlight<Params, Value>): void {
  const { errand } = flight
  if (errand.finished) return
  errand.finished = true
  if (!flight.landed) flight.reject(stoodDown)
  const { commons } = plan
  if (errand.purpose === 'lookup') commons.lookups.finish(flight)
  else commons.flights.finish(flight)
  if (errand.purpose === 'revalidate') commons.revalidations--
  if (errand.followers !== undefined) for (const follow of errand.followers) follow()
}
