import type { IoredisClient, NodeRedisClient, RedisClient } from '../../clients/redis-client.ts'
import { CacheError, invalidOption } from '../../kernel/errors.ts'
import type { Endpoint } from './endpoint.ts'
import { ioredisServerClient, ioredisSettings } from './ioredis.ts'
import { nodeRedisServerClient, nodeRedisSettings, nodeRedisSocketSettings } from './node-redis.ts'
import type { ClientMaker } from './server-client.ts'

/** The packages, in the order they are tried. */
export const redisDrivers = ['ioredis', '@redis/client'] as const

/** What talks to Redis. */
export type RedisDriver = (typeof redisDrivers)[number]

/**
 * Makes clients with a package that is installed.
 * @throws CacheError `UNSUPPORTED` if there is none, saying what to install
 */
export async function makerFromPackage(endpoint: Endpoint, driver?: RedisDriver): Promise<ClientMaker> {
  const candidates = driver === undefined ? redisDrivers : [driver]
  const causes: unknown[] = []
  for (const candidate of candidates) {
    const maker = await makerFromSettings(candidate, settingsFor(candidate, endpoint)).catch(
      (cause: unknown) => void causes.push(cause),
    )
    if (maker !== undefined) return maker
  }
  throw new CacheError(
    'UNSUPPORTED',
    `redis: no client: expected ${candidates.join(' or ')} to be importable: ` +
      candidates.map((candidate) => `\`npm install ${candidate}\``).join(' or '),
    { cause: new AggregateError(causes) },
  )
}

/**
 * Makes clients like one that the program has. That one itself is left alone: it may be closed, or not connected yet.
 * @throws CacheError `INVALID_OPTION` for what is neither package's, or puts something before every key
 */
export function makerFromClient(client: RedisClient, where: string): ClientMaker {
  if (isIoredis(client)) {
    refuseKeyPrefix(client.options, where)
    return {
      make: ({ address, feed }) => ioredisServerClient(client.duplicate({ ...address, ...ioredisSettings(feed) })),
    }
  }
  if (!isNodeRedis(client)) {
    throw invalidOption(where, 'a client of ioredis (`new Redis(…)`) or of @redis/client (`createClient(…)`)', client)
  }
  refuseKeyPrefix(client.options, where)
  return {
    make({ address, feed }) {
      const { socket, url } = (client.options ?? {}) as { readonly socket?: object; readonly url?: string }
      return nodeRedisServerClient(
        client.duplicate({
          ...nodeRedisSettings(feed),
          // An address in the settings would win over the one that is asked for.
          url: address === undefined ? url : undefined,
          socket: { ...socket, ...address, ...nodeRedisSocketSettings },
        }),
      )
    },
  }
}

/**
 * Makes clients of a package with settings of its own kind.
 * @throws what the import throws
 */
export async function makerFromSettings(driver: RedisDriver, settings: object): Promise<ClientMaker> {
  /* oxlint-disable typescript/no-unnecessary-type-assertion --
     The words `as string` keep the compiler from looking for types that may not be installed. */
  switch (driver) {
    case 'ioredis': {
      const { Redis } = (await import('ioredis' as string)) as { Redis: new (settings: object) => IoredisClient }
      return {
        make: ({ address, feed }) =>
          ioredisServerClient(new Redis({ ...settings, ...address, ...ioredisSettings(feed) })),
      }
    }
    case '@redis/client': {
      const { createClient } = (await import('@redis/client' as string)) as {
        createClient: (settings: object) => NodeRedisClient
      }
      const { socket } = settings as { readonly socket?: object }
      return {
        make: ({ address, feed }) =>
          nodeRedisServerClient(
            createClient({
              ...settings,
              ...nodeRedisSettings(feed),
              socket: { ...socket, ...address, ...nodeRedisSocketSettings },
            }),
          ),
      }
    }
  }
}

/** An endpoint as a package takes it. */
function settingsFor(driver: RedisDriver, { address, database, username, password, tls }: Endpoint): object {
  switch (driver) {
    case 'ioredis':
      return { ...address, db: database, username, password, tls }
    case '@redis/client':
      return { database, username, password, socket: { ...tls, ...address, tls: tls !== undefined } }
  }
}

function isIoredis(client: RedisClient): client is IoredisClient {
  return has(client, 'duplicate', 'callBuffer', 'disconnect') && !has(client, 'nodes')
}

function isNodeRedis(client: RedisClient): client is NodeRedisClient {
  return has(client, 'duplicate', 'sendCommand', 'destroy', 'unref')
}

function has(client: unknown, ...methods: readonly string[]): boolean {
  if (typeof client !== 'object' || client === null) return false
  return methods.every((method) => typeof (client as Readonly<Record<string, unknown>>)[method] === 'function')
}

/** Keys that come back from the server would carry it, and those we send would get it twice. */
export function refuseKeyPrefix(options: object | undefined, where: string): void {
  const { keyPrefix } = (options ?? {}) as { readonly keyPrefix?: unknown }
  if (keyPrefix === undefined || keyPrefix === null || keyPrefix === '') return
  throw invalidOption(where, 'a client without `keyPrefix` (give the cache a `prefix` instead)', keyPrefix)
}
