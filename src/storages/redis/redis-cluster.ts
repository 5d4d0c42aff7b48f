import type { RedisClusterClient } from '../../clients/redis-client.ts'
import type { Storage } from '../../contracts/storage.ts'
import { invalidOption } from '../../kernel/errors.ts'
import { redisDrivers, makerFromPackage, type RedisDriver } from './client-maker.ts'
import { clusterFromClient } from './cluster-from-client.ts'
import { ClusterServers } from './cluster-servers.ts'
import { defaultPort, parseAddress, parseUrl, type Endpoint } from './endpoint.ts'
import { resolveTerms, type RedisTerms } from './redis.ts'
import { redisStorage } from './redis-storage.ts'
import type { Address, ClientMaker } from './server-client.ts'

/** Which Redis cluster a storage keeps its entries on, and how. */
export type RedisClusterOptions = RedisClusterTarget & RedisTerms

/** A cluster by the addresses of some of its nodes, or by a client that knows it. */
export type RedisClusterTarget =
  | {
      /** One of its nodes: `redis://user:password@host:port`; `rediss:` for TLS. The login is that of all nodes. */
      readonly url: string
      /** More of its nodes, as `host:port`, for when that one is away. */
      readonly nodes?: readonly string[]
      /** TLS, and its settings: those of `tls.connect`. Default: as the address says. */
      readonly tls?: object | boolean
      /** Default: the first that is installed. */
      readonly driver?: RedisDriver
      readonly client?: undefined
    }
  | {
      /** Some of its nodes, as `host:port`, where no login is needed. */
      readonly nodes: readonly string[]
      readonly url?: undefined
      readonly tls?: object | boolean
      readonly driver?: RedisDriver
      readonly client?: undefined
    }
  | {
      /**
       * A cluster client that the program has. It isn't used, but asked for its nodes and settings: the connections are
       * our own, which don't queue and don't retry.
       */
      readonly client: RedisClusterClient
      readonly url?: undefined
      readonly nodes?: undefined
      readonly tls?: undefined
      readonly driver?: undefined
    }

/**
 * Keeps entries on a Redis or Valkey cluster, 6 or later. Keys are spread over the masters by their slots; what goes to
 * several masters goes at the same time, in one batch each. Slots may move and masters fail: a failed master's share is
 * missing until the cluster has chosen its successor.
 *
 * @throws CacheError `INVALID_OPTION` at once, for options that make no sense; when it opens, `UNSUPPORTED` if neither
 *   client is installed
 *
 * @example
 * const storage = redisCluster({ nodes: ['cache-1.internal:6379', 'cache-2.internal:6379'] })
 */
export function redisCluster(options: RedisClusterOptions): Storage {
  const { ttl, feed, limits } = resolveTerms(options, name)
  const target = resolveTarget(options)
  return redisStorage({
    type: 'redis-cluster',
    ttl,
    feed,
    async openServers() {
      const { maker, seeds } = await target()
      return new ClusterServers(maker, limits, seeds)
    },
  })
}

const name = 'redisCluster'

interface Target {
  readonly maker: ClientMaker
  readonly seeds: readonly Address[]
}

function resolveTarget({ url, nodes, tls, driver, client }: RedisClusterTarget): () => Promise<Target> {
  if (client !== undefined) {
    if (url !== undefined || nodes !== undefined) {
      throw invalidOption(`${name}: client`, 'a `client`, or a `url` and `nodes`', 'both')
    }
    return clusterFromClient(client, `${name}: client`)
  }
  if (driver !== undefined && !redisDrivers.includes(driver)) {
    throw invalidOption(`${name}: driver`, `one of ${redisDrivers.join(', ')}`, driver)
  }
  if (nodes !== undefined && !Array.isArray(nodes)) throw invalidOption(`${name}: nodes`, 'a list of addresses', nodes)
  const seeds = (nodes ?? []).map((node) => parseAddress(node, defaultPort, `${name}: nodes`))
  const endpoint = endpointOf(url, seeds, tls)
  return async () => ({
    maker: await makerFromPackage(endpoint, driver),
    seeds: url === undefined ? seeds : [endpoint.address, ...seeds],
  })
}

function endpointOf(url: string | undefined, [first]: readonly Address[], tls: object | boolean | undefined): Endpoint {
  if (url === undefined && first === undefined) throw invalidOption(`${name}: nodes`, 'one node at least', undefined)
  const endpoint = parseUrl(
    url ?? `redis://${first?.host.includes(':') ? `[${first.host}]` : first?.host}`,
    tls,
    `${name}: url`,
  )
  if (endpoint.database !== 0)
    throw invalidOption(`${name}: url`, 'database 0: a cluster has no other', endpoint.database)
  return endpoint
}
