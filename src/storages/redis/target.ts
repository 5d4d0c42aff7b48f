import type { RedisClient } from '../../clients/redis-client.ts'
import { invalidOption } from '../../kernel/errors.ts'
import { makerFromClient, makerFromPackage, redisDrivers, type RedisDriver } from './client-maker.ts'
import type { Limits } from './connection.ts'
import { parseAddress, parseUrl, type Endpoint } from './endpoint.ts'
import { Sentinels, type SentinelOptions } from './sentinel.ts'
import type { Address, ClientMaker } from './server-client.ts'

/** A server by its address, or by a client that knows it. */
export type RedisTarget =
  | {
      /** `redis://user:password@host:port/database`; `rediss:` for TLS. */
      readonly url: string
      /** TLS, and its settings: those of `tls.connect`. Default: as the address says. */
      readonly tls?: object | boolean
      /** Sentinels that know where the server is: the address in `url` then only says who we are, and which database. */
      readonly sentinel?: SentinelOptions
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
      readonly sentinel?: undefined
      readonly driver?: undefined
    }

/** How a server is reached. */
interface ReachedTarget {
  readonly maker: ClientMaker
  readonly sentinels?: Sentinels
}

/**
 * Reads where a server is.
 * @param name what it is for, in errors
 * @throws CacheError `INVALID_OPTION`; the function returned throws `UNSUPPORTED` if no client is installed
 */
export function resolveTarget(
  { url, tls, sentinel, driver, client }: RedisTarget,
  limits: Limits,
  name: string,
): () => Promise<ReachedTarget> {
  if (client !== undefined) {
    if (url !== undefined) throw invalidOption(`${name}: url`, 'a `url` or a `client`', 'both')
    const maker = makerFromClient(client, `${name}: client`)
    return () => Promise.resolve({ maker })
  }
  if (driver !== undefined && !redisDrivers.includes(driver)) {
    throw invalidOption(`${name}: driver`, `one of ${redisDrivers.join(', ')}`, driver)
  }
  const endpoint = parseUrl(url, tls, `${name}: url`)
  const sentinels = sentinel && resolveSentinels(sentinel, endpoint, driver, limits, name)
  return async () => ({
    maker: await makerFromPackage(endpoint, driver),
    ...(sentinels !== undefined && { sentinels: await sentinels() }),
  })
}

function resolveSentinels(
  { name: master, nodes, login = {} }: SentinelOptions,
  { tls }: Endpoint,
  driver: RedisDriver | undefined,
  limits: Limits,
  name: string,
): () => Promise<Sentinels> {
  if (typeof master !== 'string' || master === '') {
    throw invalidOption(`${name}: sentinel.name`, 'the name of a master', master)
  }
  if (!Array.isArray(nodes) || nodes.length === 0) {
    throw invalidOption(`${name}: sentinel.nodes`, 'a list of one address at least', nodes)
  }
  const addresses = nodes.map((node) => parseAddress(node, 26379, `${name}: sentinel.nodes`))
  const endpoint = { address: addresses[0] as Address, database: 0, tls, ...login }
  return async () => new Sentinels(await makerFromPackage(endpoint, driver), limits, master, addresses)
}
