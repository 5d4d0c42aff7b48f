export { redis, type RedisOptions, type RedisTarget, type RedisTerms } from '../storages/redis/redis.ts'
export type { RedisDriver } from '../storages/redis/client-maker.ts'
export type {
  IoredisClient,
  IoredisPipeline,
  NodeRedisClient,
  RedisClient,
  RedisSocket,
  RedisWords,
} from '../clients/redis-client.ts'
