import type { IoredisCluster, NodeRedisCluster, RedisClient, RedisClusterClient } from '../../clients/redis-client.ts'
import { invalidOption } from '../../kernel/errors.ts'
import { makerFromClient, makerFromSettings, refuseKeyPrefix } from './client-maker.ts'
import { defaultPort, parseAddress, parseUrl } from './endpoint.ts'
import type { Address, ClientMaker } from './server-client.ts'

/**
 * What a cluster client knows: some of its nodes, and how to connect to one.
 * @returns a function to call when the nodes are needed: by then it may know them
 * @throws CacheError `INVALID_OPTION` for what is neither package's, or puts something before every key
 */
export function clusterFromClient(
  client: RedisClusterClient,
  where: string,
): () => Promise<{ readonly maker: ClientMaker; readonly seeds: readonly Address[] }> {
  if (isIoredisCluster(client)) {
    const { redisOptions = {}, keyPrefix } = client.options as {
      readonly redisOptions?: object
      readonly keyPrefix?: unknown
    }
    refuseKeyPrefix({ keyPrefix }, where)
    refuseKeyPrefix(redisOptions, where)
    return async () => ({
      maker: await makerOf(client.nodes()[0], where, () => makerFromSettings('ioredis', redisOptions)),
      seeds: startupNodesOf(client).map((node) => seedOf(node, where)),
    })
  }
  if (isNodeRedisCluster(client)) {
    const { rootNodes, defaults = {} } = client._options as {
      readonly rootNodes: readonly { readonly url?: string; readonly socket?: object }[]
      readonly defaults?: object
    }
    refuseKeyPrefix(client._options, where)
    return async () => ({
      maker: await makerOf(client.masters[0]?.client, where, () => makerFromSettings('@redis/client', defaults)),
      seeds: rootNodes.map(({ url, socket }) => seedOf(url ?? socket, where)),
    })
  }
  throw invalidOption(
    where,
    'a cluster client of ioredis (`new Redis.Cluster(…)`) or of @redis/client (`createCluster(…)`)',
    client,
  )
}

/** One that is connected knows best how it is done; its package is needed only if there is none yet. */
function makerOf(node: unknown, where: string, otherwise: () => Promise<ClientMaker>): Promise<ClientMaker> {
  const isClient = typeof node === 'object' && node !== null && 'duplicate' in node
  return isClient ? Promise.resolve(makerFromClient(node as RedisClient, where)) : otherwise()
}

function isIoredisCluster(client: unknown): client is IoredisCluster {
  return typeof client === 'object' && client !== null && 'isCluster' in client && client.isCluster === true
}

function isNodeRedisCluster(client: unknown): client is NodeRedisCluster {
  return typeof client === 'object' && client !== null && '_options' in client && 'masters' in client
}

// The types of ioredis keep it private; it is what its own `duplicate` starts from.
function startupNodesOf(client: IoredisCluster): readonly unknown[] {
  return (client as unknown as { readonly startupNodes: readonly unknown[] }).startupNodes
}

/** A node as either package takes it: a number, an address, or an object with a host and a port. */
function seedOf(node: unknown, where: string): Address {
  if (typeof node === 'number') return { host: '127.0.0.1', port: node }
  if (typeof node === 'string') {
    return node.includes('://') ? parseUrl(node, undefined, where).address : parseAddress(node, defaultPort, where)
  }
  const { host = '127.0.0.1', port = defaultPort } = (node ?? {}) as Partial<Address>
  return { host, port }
}
