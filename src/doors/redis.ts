export { redis, type RedisOptions, type RedisTerms } from '../storages/redis/redis.ts'
export { redisBus, type RedisBusOptions } from '../storages/redis/redis-bus.ts'
export type { RedisTarget } from '../storages/redis/target.ts'
export { redisCluster, type RedisClusterOptions, type RedisClusterTarget } from '../storages/redis/redis-cluster.ts'
export type { SentinelOptions } from '../storages/redis/sentinel.ts'
export type { FeedChoice } from '../storages/redis/feed-way.ts'
export type { RedisDriver } from '../storages/redis/client-maker.ts'
export type {
  IoredisClient,
  IoredisCluster,
  NodeRedisClient,
  NodeRedisCluster,
  RedisClient,
  RedisClusterClient,
  RedisSocket,
  RedisWords,
} from '../clients/redis-client.ts'
