import { createClient, createCluster } from '@redis/client'
import { Cluster, Redis } from 'ioredis'
import { expectTypeOf, test } from 'vitest'
import { redis, redisCluster, type RedisClient, type RedisClusterClient } from 'tiercel/redis'

test('clients of either package can be handed in as they are', () => {
  expectTypeOf(new Redis()).toExtend<RedisClient>()
  expectTypeOf(createClient()).toExtend<RedisClient>()
  expectTypeOf(createClient({ RESP: 2, scripts: {} })).toExtend<RedisClient>()
  redis({ client: new Redis() })
  redis({ client: createClient({ url: 'redis://localhost' }) })
})

test('cluster clients of either package can be handed in as they are', () => {
  expectTypeOf(new Cluster([])).toExtend<RedisClusterClient>()
  expectTypeOf(createCluster({ rootNodes: [] })).toExtend<RedisClusterClient>()
  redisCluster({ client: new Cluster([]) })
  redisCluster({ client: createCluster({ rootNodes: [] }) })
})

test('a URL or a client, one of them', () => {
  redis({ url: 'redis://localhost', ttl: '10m', poolSize: 2, feed: 'pubsub', limits: { connect: '1s' } })
  redis({ url: 'rediss://localhost', tls: { servername: 'cache' }, sentinel: { name: 'shop', nodes: ['a:1'] } })
  redisCluster({ url: 'redis://localhost', nodes: ['other:6379'] })
  redisCluster({ nodes: ['a:1', 'b:1'] })
  // @ts-expect-error neither
  redis({ ttl: '10m' })
  // @ts-expect-error both
  redis({ url: 'redis://localhost', client: new Redis() })
  // @ts-expect-error no package of that name
  redis({ url: 'redis://localhost', driver: 'redis' })
  // @ts-expect-error no such way
  redis({ url: 'redis://localhost', feed: 'polling' })
  // @ts-expect-error neither
  redisCluster({ ttl: '10m' })
})
