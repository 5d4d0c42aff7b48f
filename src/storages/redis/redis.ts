import type { Storage } from '../../contracts/storage.ts'
import { parsePositiveDuration, type Duration } from '../../kernel/duration.ts'
import { invalidOption } from '../../kernel/errors.ts'
import type { Limits } from './connection.ts'
import { feedChoices, type FeedChoice } from './feed-way.ts'
import { redisStorage } from './redis-storage.ts'
import { singleServer } from './single-server.ts'
import { resolveTarget, type RedisTarget } from './target.ts'

/** Which Redis server a storage keeps its entries on, and how. */
export type RedisOptions = RedisTarget &
  RedisTerms & {
    /** Connections. One carries many calls at a time; more help where values are large. Default 1. */
    readonly poolSize?: number
  }

/** What holds for one server and for a cluster. */
export interface RedisTerms {
  /** How long entries are kept that come without a ttl. Default: for ever. */
  readonly ttl?: Duration
  /**
   * How others learn of changes: `'tracking'`, by the server, whoever made them (client tracking in broadcast mode);
   * `'pubsub'`, from those who make them through this storage, all of which must then say so; `'auto'`, tracking where
   * the server allows it, else pub/sub; `'off'`. Default `'auto'`.
   */
  readonly feed?: FeedChoice
  readonly limits?: {
    /** How long is waited for a connection. Default 2 s. */
    readonly connect?: Duration
    /** How long a server may be silent while answers are due, before its connection counts as dead. Default 5 s. */
    readonly silence?: Duration
  }
}

/**
 * Keeps entries on a Redis or Valkey server, 6 or later.
 *
 * @throws CacheError `INVALID_OPTION` at once, for options that make no sense; when it opens, `UNSUPPORTED` if neither
 *   client is installed
 *
 * @example
 * const storage = redis({ url: 'redis://cache.internal:6379' })
 */
export function redis(options: RedisOptions): Storage {
  const { poolSize = 1 } = options
  if (!Number.isInteger(poolSize) || poolSize < 1 || poolSize > 1_000) {
    throw invalidOption('redis: poolSize', 'a whole number from 1 to 1000', poolSize)
  }
  const { ttl, feed, limits } = resolveTerms(options, 'redis')
  const target = resolveTarget(options, limits, 'redis')
  return redisStorage({
    type: 'redis',
    ttl,
    feed,
    async openServers() {
      const { maker, sentinels } = await target()
      return singleServer(maker, limits, poolSize, sentinels)
    },
  })
}

/** Reads what holds for one server and for a cluster. @param name how the storage is called in errors */
export function resolveTerms(
  { ttl = Infinity, feed = 'auto', limits = {} }: RedisTerms,
  name: string,
): { readonly ttl: number; readonly feed: FeedChoice; readonly limits: Limits } {
  if (!feedChoices.includes(feed)) throw invalidOption(`${name}: feed`, `one of ${feedChoices.join(', ')}`, feed)
  return {
    ttl: parsePositiveDuration(ttl, `${name}: ttl`),
    feed,
    limits: {
      connect: parsePositiveDuration(limits.connect ?? '2s', `${name}: limits.connect`),
      silence: parsePositiveDuration(limits.silence ?? '5s', `${name}: limits.silence`),
    },
  }
}
