import type { ConnectionOptions } from 'node:tls'
import type { RedisClient } from '../../clients/redis-client.ts'
import type { Storage } from '../../contracts/storage.ts'
import { parsePositiveDuration, type Duration } from '../../kernel/duration.ts'
import { invalidOption } from '../../kernel/errors.ts'
import { makerFromClient, makerFromPackage, redisDrivers, type RedisDriver } from './client-maker.ts'
import type { Limits } from './connection.ts'
import { parseUrl } from './endpoint.ts'
import { redisStorage } from './redis-storage.ts'
import type { ClientMaker } from './server-client.ts'
import { singleServer } from './single-server.ts'

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
  readonly limits?: {
    /** How long is waited for a connection. Default 2 s. */
    readonly connect?: Duration
    /** How long a server may be silent while answers are due, before its connection counts as dead. Default 5 s. */
    readonly silence?: Duration
  }
}

/** A server by its address, or by a client that knows it. */
export type RedisTarget =
  | {
      /** `redis://user:password@host:port/database`; `rediss:` for TLS. */
      readonly url: string
      /** TLS, and its settings: those of `tls.connect`. Default: as the address says. */
      readonly tls?: ConnectionOptions | boolean
      /** Default: the first that is installed. */
      readonly driver?: RedisDriver
      readonly client?: undefined
    }
  | {
      /**
       * A client that the program has. It isn't used, but copied by its `duplicate()`: connections of our own, which
       * don't queue and don't retry.
       */
      readonly client: RedisClient
      readonly url?: undefined
      readonly tls?: undefined
      readonly driver?: undefined
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
  const { ttl, limits } = resolveTerms(options, 'redis')
  const maker = resolveMaker(options)
  return redisStorage({
    type: 'redis',
    ttl,
    openServers: async () => singleServer(await maker(), limits, poolSize, () => Promise.resolve(undefined)),
  })
}

/** Reads what holds for one server and for a cluster. @param name how the storage is called in errors */
export function resolveTerms(
  { ttl = Infinity, limits = {} }: RedisTerms,
  name: string,
): { readonly ttl: number; readonly limits: Limits } {
  return {
    ttl: parsePositiveDuration(ttl, `${name}: ttl`),
    limits: {
      connect: parsePositiveDuration(limits.connect ?? '2s', `${name}: limits.connect`),
      silence: parsePositiveDuration(limits.silence ?? '5s', `${name}: limits.silence`),
    },
  }
}

function resolveMaker({ url, tls, driver, client }: RedisTarget): () => Promise<ClientMaker> {
  if (client !== undefined) {
    if (url !== undefined) throw invalidOption('redis: url', 'a `url` or a `client`', 'both')
    const maker = makerFromClient(client, 'redis: client')
    return () => Promise.resolve(maker)
  }
  if (driver !== undefined && !redisDrivers.includes(driver)) {
    throw invalidOption('redis: driver', `one of ${redisDrivers.join(', ')}`, driver)
  }
  const endpoint = parseUrl(url, tls, 'redis: url')
  return () => makerFromPackage(endpoint, driver)
}
