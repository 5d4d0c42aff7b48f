import type { LocalStorage } from '../contracts/local-storage.ts'
import { keys } from '../kernel/arguments.ts'
import { type Duration, parsePositiveDuration } from '../kernel/duration.ts'
import { CacheError } from '../kernel/errors.ts'
import { MemoryCache } from './memory-cache.ts'

/** How {@link memoizeSync} keeps results. */
export interface MemoizeSyncOptions<Parameters extends unknown[]> {
  /** Where: a `MemoryCache` with strings for keys, or any other private storage. Default: one of its own. */
  readonly cache?: LocalStorage
  /** The key of a call. It is taken as it is: functions that share a cache must not share keys. Default: all arguments. */
  readonly key?: (...parameters: Parameters) => string
  /** What keys begin with that are made from arguments. Default: something no other function has. */
  readonly name?: string
  /** How long a result is kept. Default: the cache's own. */
  readonly ttl?: Duration
}

/** A function that remembers its results. */
export interface MemoizedSync<Parameters extends unknown[], Value> {
  (...parameters: Parameters): Value
  /** Forgets one result. @returns whether there was one */
  invalidate(...parameters: Parameters): boolean
  /** Whether a call would be answered without calling the function. Not a use. */
  has(...parameters: Parameters): boolean
  /** The remembered result, without calling the function, or `undefined`. Not a use. */
  peek(...parameters: Parameters): Value | undefined
  stats(): MemoizeSyncStats
}

/** What a memoized function has done. Rates of nothing are 0. */
export interface MemoizeSyncStats {
  readonly requestCount: number
  readonly hitCount: number
  readonly missCount: number
  readonly hitRate: number
  readonly missRate: number
  /** Calls of the function that threw; nothing was kept of them. */
  readonly loadFailureCount: number
}

/**
 * Makes a synchronous function remember its results, and leaves it synchronous. What throws, and what returns
 * `undefined`, is not remembered.
 *
 * @example
 * const price = memoizeSync(computePrice, { ttl: '5s', key: (item) => item.id })
 * price(item)
 * price.invalidate(item)
 * @throws CacheError `UNKEYABLE` when arguments can't be made into a key: give a `key`
 */
export function memoizeSync<Parameters extends unknown[], Value>(
  compute: (...parameters: Parameters) => Value,
  options: MemoizeSyncOptions<Parameters> = {},
): MemoizedSync<Parameters, Value> {
  const cache = options.cache ?? new MemoryCache()
  const prefix = options.name ?? `${compute.name}#${++memoizedCount}`
  const ttl = options.ttl === undefined ? undefined : { ttl: parsePositiveDuration(options.ttl, 'memoizeSync: ttl') }
  const keyOf = options.key ?? ((...parameters: Parameters): string => `${prefix}(${keys.readable(parameters)})`)
  const counts = { hits: 0, misses: 0, failures: 0 }

  function memoized(this: unknown, ...parameters: Parameters): Value {
    const key = keyOf.apply(this, parameters)
    const found = cache.get(key)
    if (found !== undefined) {
      counts.hits++
      return found as Value
    }
    counts.misses++
    const value = load(this, parameters)
    if (value !== undefined) cache.set(key, value, ttl)
    return value
  }

  function load(self: unknown, parameters: Parameters): Value {
    try {
      const value = compute.apply(self, parameters)
      if (!(value instanceof Promise)) return value
    } catch (error) {
      counts.failures++
      throw error
    }
    throw new CacheError('INVALID_OPTION', `memoizeSync: ${prefix} answers with a promise; use memoize of a cache`)
  }

  return Object.assign(memoized, {
    invalidate: (...parameters: Parameters): boolean => cache.delete(keyOf(...parameters)),
    has: (...parameters: Parameters): boolean => cache.peek(keyOf(...parameters)) !== undefined,
    peek: (...parameters: Parameters): Value | undefined => cache.peek(keyOf(...parameters)) as Value | undefined,
    stats: (): MemoizeSyncStats => statsOf(counts),
  })
}

let memoizedCount = 0

function statsOf(counts: {
  readonly hits: number
  readonly misses: number
  readonly failures: number
}): MemoizeSyncStats {
  const requestCount = counts.hits + counts.misses
  return {
    requestCount,
    hitCount: counts.hits,
    missCount: counts.misses,
    hitRate: requestCount === 0 ? 0 : counts.hits / requestCount,
    missRate: requestCount === 0 ? 0 : counts.misses / requestCount,
    loadFailureCount: counts.failures,
  }
}
