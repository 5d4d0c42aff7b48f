export { redis, type RedisOptions, type RedisTarget, type RedisTerms } from '../storages/redis/redis.ts'
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
