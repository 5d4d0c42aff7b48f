export { redis, type RedisOptions, type RedisTarget, type RedisTerms } from '../storages/redis/redis.ts'
export type { FeedChoice } from '../storages/redis/feed-way.ts'
export type { RedisDriver } from '../storages/redis/client-maker.ts'
export type { IoredisClient, NodeRedisClient, RedisClient, RedisSocket, RedisWords } from '../clients/redis-client.ts'
