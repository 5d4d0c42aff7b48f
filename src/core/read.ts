import { type Entry, madeStale } from '../kernel/entry.ts'
import { standing } from '../kernel/stamp.ts'
import { stopwatch } from '../observe/stopwatch.ts'
import { countHit, countMiss } from './count.ts'
import type { GetManyOptions } from './definition.ts'
import type { NodeFlight } from './errand.ts'
import { fly, isTooOld, launch, revalidate } from './fly.ts'
import { type Lifetime, type Use, useOf } from './lifetime.ts'
import type { Plan } from './plan.ts'
import { asItStands, findStanding, stands } from './reach/stand.ts'
import { maxAgeOf, notBeforeOf, type Request } from './request.ts'
import type { Copy, LocalTier } from './tiers/local-tier.ts'

// One in 256 of the reads that memory answers is measured: measuring each would double its cost.
const sampleMask = 255

/**
 * Answers a request: from memory on any terms, else from the flight of its key, which is started if there is none.
 * Counts the request once.
 */
export function read<Params, Value>(plan: Plan<Params, Value>, request: Request<Params, Value>): Promise<Value> {
  const { commons } = plan
  const { key, options } = request
  try {
    commons.refuseIfClosed()
    const maxAge = maxAgeOf(plan, request)
    const notBefore = notBeforeOf(plan, request)
    const lifetime = request.lifetime ?? plan.lifetime
    const now = commons.clock.now()

    const found = findLocally(plan, key, now, { lifetime, maxAge, notBefore })
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
    const isKnown = remembered !== undefined && commons.tokens.covers(remembered.asOf, notBefore)
    if (isKnown && !bringsAnotherLoad(plan, options)) {
      countMiss(plan, key)
      return Promise.reject(remembered.error)
    }

    return fly(plan, request, found)
  } catch (error) {
    return Promise.reject(error)
  }
}

// An error is that of the node's load; a call that brings another has not failed yet.
function bringsAnotherLoad<Params, Value>(
  plan: Plan<Params, Value>,
  options: GetManyOptions<Params, Value> | undefined,
): boolean {
  return (options?.load ?? options?.loadMany) !== undefined && (plan.load ?? plan.loadMany) !== undefined
}

/**
 * A fresh entry of the nearest tier, if that is memory, counted as a hit: the road most reads take. One look at the clock,
 * one at the entry, and nothing decided that the plan could have decided.
 */
export function hitNear<Params, Value>(plan: Plan<Params, Value>, key: string): Entry<Value> | undefined {
  const { nearest, epochs } = plan
  if (nearest === undefined) return undefined
  const now = plan.commons.clock.now()
  const entry = nearest.storage.get(key, now)
  if (entry === undefined || now >= entry.staleAt || entry.epoch !== epochs.trusted) return undefined
  const { stamp } = entry
  if (stamp !== undefined && standing(stamp, plan.labels.count) !== 'valid') return undefined
  countHit(plan, key, nearest, false)
  if ((nearest.counters.hits & sampleMask) === 0) sample(nearest, key)
  return entry
}

function sample<Value>(tier: LocalTier<Value>, key: string): void {
  const elapsed = stopwatch()
  tier.storage.peek(key)
  tier.counters.readLatency.record(elapsed())
}

/** What is there, without a load; `undefined` where nothing is. */
export function lookUp<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
): Promise<Value | undefined> {
  const { commons } = plan
  const { key } = request
  commons.refuseIfClosed()
  const found = findLocally(plan, key, commons.clock.now(), {
    lifetime: plan.lifetime,
    maxAge: Infinity,
    notBefore: notBeforeOf(plan, request),
  })
  if (found?.use === 'fresh' || found?.use === 'while-revalidating') {
    countHit(plan, key, found.tier, found.use !== 'fresh')
    return Promise.resolve(found.entry.value)
  }
  const current = commons.lookups.get(key) as NodeFlight<Params, Value> | undefined
  if (current !== undefined && !isTooOld(plan, request, current)) {
    countMiss(plan, key)
    plan.counters.coalesced++
    return current.board('answer', request.options?.signal)
  }
  return launch(plan, request, 'lookup', { fallback: found })
}

/** What a `get` would be answered with at once, from memory; leaves no trace. */
export function peek<Params, Value>(plan: Plan<Params, Value>, key: string): Value | undefined {
  const now = plan.commons.clock.now()
  for (const tier of plan.localTiers) {
    const kept = tier.storage.peek(key, now)
    const entry = kept && asItStands(plan, kept)
    if (entry === undefined || !plan.epochs.trusts(entry.epoch)) continue
    const use = useOf(entry, now, plan.lifetime)
    if (use === 'fresh' || use === 'while-revalidating') return entry.value
  }
  // A load that has landed, and whose value is on its way into the tiers.
  const flight = plan.commons.flights.get(key) as NodeFlight<Params, Value> | undefined
  const entry = flight?.landed === true ? flight.errand.entry : undefined
  if (entry === undefined || flight?.errand.epoch !== plan.epochs.trusted || !stands(plan, entry)) return undefined
  return useOf(entry, now, plan.lifetime) === 'fresh' ? entry.value : undefined
}

interface Found<Value> {
  readonly entry: Entry<Value>
  readonly use: Use
  readonly tier: LocalTier<Value>
  /** It may be out of date: of no use before the authority has been asked. */
  readonly suspect: boolean
}

function findLocally<Params, Value>(
  plan: Plan<Params, Value>,
  key: string,
  now: number,
  terms: { readonly lifetime: Lifetime<Params, Value>; readonly maxAge: number; readonly notBefore: number },
): Found<Value> | undefined {
  let best: Found<Value> | undefined
  for (const [depth, tier] of plan.localTiers.entries()) {
    const entry = findStanding(plan, tier, key, now)
    // What may be from before that change is not even served when nothing else can be had.
    if (entry !== undefined && !plan.commons.tokens.covers(entry.asOf, terms.notBefore)) {
      tier.counters.misses++
      continue
    }
    if (entry !== undefined && !plan.epochs.trusts(entry.epoch)) {
      tier.counters.misses++
      best ??= suspectIn(plan, tier, entry, now)
      continue
    }
    const use = entry === undefined ? 'none' : useOf(entry, now, terms.lifetime, terms.maxAge)
    if (entry === undefined || use === 'none') {
      tier.counters.misses++
      continue
    }
    if (use === 'fresh') {
      for (const above of plan.localTiers.slice(0, depth)) above.put(key, entry, now)
      return { entry, use, tier, suspect: false }
    }
    best ??= { entry, use, tier, suspect: false }
  }
  return best
}

// It counts as stale since it became suspect, so that it can be served on the node's terms if the authority is down.
function suspectIn<Params, Value>(
  plan: Plan<Params, Value>,
  tier: LocalTier<Value>,
  copy: Copy<Value>,
  now: number,
): Found<Value> {
  return { entry: madeStale(copy, Math.min(now, plan.epochs.since)), use: 'none', tier, suspect: true }
}
