import { Flight } from '../flight/flight.ts'
import { parseDuration } from '../kernel/duration.ts'
import type { Entry } from '../kernel/entry.ts'
import type { GetManyOptions, GetOptions } from './definition.ts'
import { countHit, countMiss } from './count.ts'
import type { Errand, Fallback, NodeFlight, Purpose } from './errand.ts'
import { type Lifetime, useOf } from './lifetime.ts'
import type { Plan } from './plan.ts'
import type { LocalTier } from './tiers/local-tier.ts'

// Most refreshes behind an answer at once; beyond it a stale value is served without one.
const mostRevalidations = 1_000

/** A read as the door hands it on, when memory had nothing fresh at hand. */
export interface Request<Params, Value> {
  readonly key: string
  readonly params: Params
  readonly options?: GetManyOptions<Params, Value> | undefined
  /** Other terms than the node's. */
  readonly lifetime?: Lifetime<Params, Value> | undefined
}

/**
 * Answers a request: from memory on any terms, else from the flight of its key, which is started if there is none.
 * Counts the request once.
 */
export function read<Params, Value>(plan: Plan<Params, Value>, request: Request<Params, Value>): Promise<Value> {
  const { commons, counters } = plan
  const { key, options } = request
  try {
    commons.refuseIfClosed()
    const maxAge = maxAgeOf(plan, options)
    const lifetime = request.lifetime ?? plan.lifetime
    const now = commons.clock.now()

    const found = findLocally(plan, key, now, { lifetime, maxAge })
    if (found?.use === 'fresh') {
      countHit(plan, key, found.tier, false)
      return Promise.resolve(found.entry.value)
    }
    if (found?.use === 'while-revalidating') {
      countHit(plan, key, found.tier, true)
      revalidate(plan, request)
      return Promise.resolve(found.entry.value)
    }
    const remembered = plan.errors.find(key, now)
    if (remembered !== undefined && options?.load === undefined) {
      countMiss(plan, key)
      return Promise.reject(remembered.error)
    }

    const current = commons.flights.get(key) as NodeFlight<Params, Value> | undefined
    if (current === undefined) {
      const flight = start(plan, request, errandOf(plan, request, 'answer', found))
      return board(flight, options)
    }
    countMiss(plan, key)
    counters.coalesced++
    const answer = board(current, options)
    return maxAge === Infinity ? answer : answer.then((value) => youngEnough(plan, request, current, maxAge, value))
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Loads a key, whatever there is; a load that was under way may no longer write. */
export function refresh<Params, Value>(plan: Plan<Params, Value>, request: Request<Params, Value>): Promise<Value> {
  plan.commons.refuseIfClosed()
  plan.errors.forget(request.key)
  const flight = start(plan, request, errandOf(plan, request, 'refresh', undefined))
  return board(flight, request.options)
}

/** What is there, without a load; `undefined` where nothing is. */
export function lookUp<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
): Promise<Value | undefined> {
  const { commons } = plan
  const { key } = request
  commons.refuseIfClosed()
  const found = findLocally(plan, key, commons.clock.now(), { lifetime: plan.lifetime, maxAge: Infinity })
  if (found?.use === 'fresh' || found?.use === 'while-revalidating') {
    countHit(plan, key, found.tier, found.use !== 'fresh')
    return Promise.resolve(found.entry.value)
  }
  const current = commons.lookups.get(key) as NodeFlight<Params, Value> | undefined
  if (current !== undefined) {
    countMiss(plan, key)
    plan.counters.coalesced++
    return board(current, request.options)
  }
  const flight = new Flight<Value, Errand<Params, Value>>(key, errandOf(plan, request, 'lookup', undefined))
  commons.lookups.start(flight)
  plan.departures.depart(flight)
  return board(flight, request.options)
}

/** What a `get` would be answered with at once, from memory; leaves no trace. */
export function peek<Params, Value>(plan: Plan<Params, Value>, key: string): Value | undefined {
  const now = plan.commons.clock.now()
  for (const tier of plan.localTiers) {
    const entry = tier.storage.peek(key, now)
    if (entry === undefined) continue
    const use = useOf(entry, now, plan.lifetime)
    if (use === 'fresh' || use === 'while-revalidating') return entry.value
  }
  return undefined
}

interface Found<Value> {
  readonly entry: Entry<Value>
  readonly use: 'fresh' | 'while-revalidating' | 'if-error'
  readonly tier: LocalTier<Value>
}

function findLocally<Params, Value>(
  plan: Plan<Params, Value>,
  key: string,
  now: number,
  terms: { readonly lifetime: Lifetime<Params, Value>; readonly maxAge: number },
): Found<Value> | undefined {
  let best: Found<Value> | undefined
  for (const [depth, tier] of plan.localTiers.entries()) {
    const entry = tier.find(key, now)
    const use = entry === undefined ? 'none' : useOf(entry, now, terms.lifetime, terms.maxAge)
    if (entry === undefined || use === 'none') {
      tier.counters.misses++
      continue
    }
    if (use === 'fresh') {
      for (const above of plan.localTiers.slice(0, depth)) above.put(key, entry, now)
      return { entry, use, tier }
    }
    best ??= { entry, use, tier }
  }
  return best
}

function revalidate<Params, Value>(plan: Plan<Params, Value>, request: Request<Params, Value>): void {
  const { commons } = plan
  if (commons.flights.get(request.key) !== undefined) return
  if (commons.revalidations >= mostRevalidations) return
  commons.revalidations++
  const flight = start(plan, request, errandOf(plan, request, 'revalidate', undefined))
  // Nobody waits for it, so nobody who joins and leaves may abort it.
  void flight.board()
}

function start<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
  errand: Errand<Params, Value>,
): NodeFlight<Params, Value> {
  const flight = new Flight<Value, Errand<Params, Value>>(request.key, errand)
  plan.commons.flights.start(flight)
  plan.departures.depart(flight)
  return flight
}

function errandOf<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
  purpose: Purpose,
  fallback: Fallback<Value> | undefined,
): Errand<Params, Value> {
  const { params, options } = request
  const ownLoad = options?.load !== undefined || options?.loadMany !== undefined
  return {
    purpose,
    params,
    lifetime: request.lifetime ?? plan.lifetime,
    load: ownLoad ? options.load : plan.load,
    loadMany: ownLoad ? options.loadMany : plan.loadMany,
    maxAge: maxAgeOf(plan, options),
    fallback,
    token: undefined,
    surplus: false,
    counted: purpose === 'revalidate' || purpose === 'refresh',
    entry: undefined,
    finished: false,
  }
}

function board<Params, Value>(
  flight: NodeFlight<Params, Value>,
  options: GetOptions<Params, Value> | undefined,
): Promise<Value> {
  return options?.signal === undefined ? flight.board() : flight.boardUntil(options.signal)
}

// The flight that was joined may have begun, or found its value, before this caller's limit.
function youngEnough<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
  flight: NodeFlight<Params, Value>,
  maxAge: number,
  value: Value,
): Value | Promise<Value> {
  const { entry } = flight.errand
  if (entry === undefined || plan.commons.clock.now() - entry.createdAt <= maxAge) return value
  return refresh(plan, request)
}

function maxAgeOf<Params, Value>(plan: Plan<Params, Value>, options: GetOptions<Params, Value> | undefined): number {
  if (options?.maxAge === undefined) return Infinity
  return parseDuration(options.maxAge, `node '${plan.name}': get: maxAge`)
}
