import type { Doorkeeper } from '../filters/bloom-filter.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { type Duration, parsePositiveDuration } from '../kernel/duration.ts'
import { CacheError, describe, invalidOption } from '../kernel/errors.ts'
import { isPolicyName, policyNames } from '../policies/create-policy.ts'
import type { PolicyName } from '../policies/policy.ts'
import type { EvictionReason } from '../contracts/local-storage.ts'

/** How a `MemoryCache` is bounded, and what it does with what it keeps. */
export interface MemoryCacheOptions<Key = string, Value = unknown> {
  /** Most entries it keeps, up to 16 million. Default 10,000, or as many as `maxWeight` has room for. */
  readonly maxEntries?: number
  /** Most that all entries may weigh together, in whatever `weigh` counts: bytes, rows, pixels. Needs `weigh`. */
  readonly maxWeight?: number
  /** What an entry weighs: 0 or more. Asked once for each `set`. */
  readonly weigh?: (key: Key, value: Value) => number
  /** Who goes when it is full. Default `tinylfu`, which adapts to what it sees. */
  readonly policy?: PolicyName
  /** How long an entry lives that is set without a ttl. Default: until it is evicted. */
  readonly ttl?: Duration
  /**
   * Called with every entry that goes, after the operation that made it go is complete; so it may use the cache.
   * If it throws, the cache is unharmed, and the error reaches the caller of that operation.
   */
  readonly onEvict?: (key: Key, value: Value, reason: EvictionReason) => void
  /** Freeze values when they are set, with all plain objects and arrays in them. Default false. */
  readonly freeze?: boolean
  /**
   * Keep a copy of what is set, and hand out copies of it (unless `freeze` makes that unnecessary), so that no caller
   * can change what another one gets. `true` copies by `structuredClone`. Default false: values by reference.
   */
  readonly clone?: boolean | ((value: Value) => Value)
  /** Keys it turns away are not kept, like `bloomFilter`, which turns away what it sees for the first time. */
  readonly doorkeeper?: Doorkeeper
  /**
   * Whether `stats()` also says which share of the reads a cache of a quarter, half, twice and four times `maxEntries` would
   * answer. Each read costs 100 to 250 ns more, and the cache up to a megabyte. Lifetimes and weights aren't reckoned with.
   * Default false.
   */
  readonly estimates?: boolean
  /** The clock that lifetimes run on. Default: the real one. */
  readonly clock?: Clock
  /** 32 bits from which hashes and chance are made. Default: random, which is what protects from chosen keys. */
  readonly seed?: number
}

/** How a single entry is kept. */
export interface SetOptions {
  /** Until it expires; 1 ms or more. Default: the cache's `ttl`. */
  readonly ttl?: Duration | undefined
}

/** Bounds to be changed while a cache is in use. */
export interface ResizeOptions {
  readonly maxEntries?: number
  readonly maxWeight?: number
}

/** Options with their defaults, checked. */
export interface ResolvedOptions<Key, Value> {
  readonly maxEntries: number
  readonly maxWeight: number
  readonly weigh: ((key: Key, value: Value) => number) | undefined
  readonly policy: PolicyName
  readonly ttl: number
  readonly clock: Clock
  readonly seed: number
  readonly copy: ((value: Value) => Value) | undefined
  readonly freeze: boolean
  readonly doorkeeper: Doorkeeper | undefined
  readonly estimates: boolean
}

export function resolveOptions<Key, Value>(options: MemoryCacheOptions<Key, Value>): ResolvedOptions<Key, Value> {
  if (options.maxWeight !== undefined && options.weigh === undefined) {
    throw invalidOption(
      'memory: weigh',
      'a function that says what an entry weighs, since there is a maxWeight',
      undefined,
    )
  }
  if (options.policy !== undefined && !isPolicyName(options.policy)) {
    throw invalidOption('memory: policy', `one of ${policyNames.join(', ')}`, options.policy)
  }
  if (options.estimates === true && options.maxWeight !== undefined) {
    throw invalidOption('memory: estimates', 'no maxWeight beside it: estimates are of maxEntries', options.estimates)
  }
  const usualEntries = options.maxWeight === undefined ? defaultMaxEntries : mostEntries
  return {
    maxEntries: parseMaxEntries(options.maxEntries ?? usualEntries),
    maxWeight: parseMaxWeight(options.maxWeight ?? Infinity),
    weigh: options.weigh,
    policy: options.policy ?? 'tinylfu',
    ttl: options.ttl === undefined ? Infinity : parsePositiveDuration(options.ttl, 'memory: ttl'),
    clock: options.clock ?? systemClock,
    seed: options.seed ?? Math.floor(Math.random() * 2 ** 32) | 0,
    copy: options.clone === true ? structuredClone : options.clone === false ? undefined : options.clone,
    freeze: options.freeze === true,
    doorkeeper: options.doorkeeper,
    estimates: options.estimates === true,
  }
}

export function parseMaxEntries(maxEntries: number): number {
  if (Number.isInteger(maxEntries) && maxEntries >= 1 && maxEntries <= mostEntries) return maxEntries
  throw invalidOption('memory: maxEntries', `a whole number from 1 to ${mostEntries}`, maxEntries)
}

export function parseMaxWeight(maxWeight: number): number {
  if (maxWeight > 0) return maxWeight
  throw invalidOption('memory: maxWeight', 'a number above 0', maxWeight)
}

/** A weight as `weigh` gave it. */
export function parseWeight(weight: number): number {
  if (typeof weight === 'number' && weight >= 0 && weight < Infinity) return weight
  throw new CacheError(
    'INVALID_OPTION',
    `memory: weigh: expected to answer a number of 0 or more, got ${describe(weight)}`,
  )
}

/** Milliseconds, of which an entry's ttl may have parts, but not less than one. */
export function parseTtl(ttl: Duration): number {
  if (typeof ttl === 'string') return parsePositiveDuration(ttl, 'memory: ttl')
  if (typeof ttl === 'number' && ttl >= 1) return ttl
  throw invalidOption('memory: ttl', 'a duration of 1 ms or more', ttl)
}

const defaultMaxEntries = 10_000
const mostEntries = 2 ** 24
