import type { LocalStorage } from '../contracts/local-storage.ts'
import type { Storage } from '../contracts/storage.ts'
import type { AnyStorage } from '../core/storages.ts'
import type { MemoryCacheOptions } from '../local/memory-cache-options.ts'
import type { FileOptions } from '../storages/file/file.ts'
import type { MongodbOptions } from '../storages/mongodb/mongodb.ts'
import type { MemcachedOptions } from '../storages/memcached/memcached.ts'
import type { RedisClusterOptions } from '../storages/redis/redis-cluster.ts'
import type { RedisOptions } from '../storages/redis/redis.ts'
import type { MysqlOptions } from '../storages/sql/mysql/mysql.ts'
import type { PostgresOptions } from '../storages/sql/postgres/postgres.ts'
import type { SqliteOptions } from '../storages/sql/sqlite/sqlite.ts'
import { schemeNamed } from './storage-schemes.ts'
import { parseStorageUrl } from './storage-url.ts'
import { readOptions, refuseUnknown } from './url-options.ts'

/** What each kind of URL takes as options besides. */
export interface StorageOptionsByScheme {
  readonly local: MemoryCacheOptions
  readonly redis: RedisOptionsBesides
  readonly rediss: RedisOptionsBesides
  readonly memcached: Omit<MemcachedOptions, 'servers'>
  readonly mongodb: Besides<MongodbOptions, 'url'>
  readonly 'mongodb+srv': Besides<MongodbOptions, 'url'>
  readonly postgres: Besides<PostgresOptions, 'url'>
  readonly postgresql: Besides<PostgresOptions, 'url'>
  readonly mysql: Besides<MysqlOptions, 'url'>
  readonly mariadb: Besides<MysqlOptions, 'url'>
  readonly sqlite: Besides<SqliteOptions, 'path'>
  readonly file: Omit<FileOptions, 'directory'>
  readonly null: Readonly<Record<string, never>>
}

/** One server, or with `cluster` a cluster. */
type RedisOptionsBesides =
  | (Besides<RedisOptions, 'url'> & { readonly cluster?: false })
  | (Besides<RedisClusterOptions, 'url'> & { readonly cluster?: boolean })

/** Options beside a URL: those of the storage, if its scheme can be seen. */
export type StorageOptions<Url extends string> =
  SchemeOf<Url> extends keyof StorageOptionsByScheme
    ? StorageOptionsByScheme[SchemeOf<Url>]
    : Readonly<Record<string, unknown>>

/** What a URL opens: memory or another storage, if its scheme can be seen. */
export type OpenedStorage<Url extends string> =
  SchemeOf<Url> extends 'local'
    ? LocalStorage
    : SchemeOf<Url> extends keyof StorageOptionsByScheme
      ? Storage
      : AnyStorage

/** What stands before the colon. */
type SchemeOf<Url extends string> = Url extends `${infer Scheme}:${string}` ? Scheme : string

/** A storage's options without what the URL says. */
type Besides<Options, Where extends string> =
  Options extends Readonly<Record<Where, string>> ? Omit<Options, Where> : never

/**
 * Makes a storage from its URL, imports its driver, and opens it. To go on though a server is away, make the storage by
 * its own function instead (`redis({ url })`), which doesn't connect before it is used.
 *
 * | URL | storage |
 * |---|---|
 * | `local://lru?size=1000`, `local://tlfu`, `local:` | `memory`, by the name of its policy |
 * | `redis://user:password@host:6379/0`, `rediss://…` | `redis` |
 * | `redis://host:6379?cluster=true` | `redisCluster` |
 * | `memcached://host:11211,other:11211` | `memcached` |
 * | `mongodb://…`, `mongodb+srv://…` | `mongodb` |
 * | `postgresql://…`, `postgres://…` | `postgres` |
 * | `mysql://…`, `mariadb://…` | `mysql` |
 * | `sqlite:cache.db`, `sqlite:///var/cache.db`, `sqlite::memory:` | `sqlite` |
 * | `file:cache`, `file:///var/cache` | `file` |
 * | `null:` | `nullStorage` |
 *
 * Options stand behind the question mark by their names, those of a group with a dot: `?poolSize=2&limits.connect=1s`.
 * What a driver takes in its own URLs is left to it.
 *
 * @param options more options, or the same: these go first
 * @throws CacheError `INVALID_OPTION` for a URL or options that make no sense; `UNSUPPORTED` if the driver isn't
 *   installed, saying what to install; else what opening throws. A password is never in an error of ours.
 *
 * @example
 * const storage = await openStorage(process.env.CACHE_URL ?? 'sqlite:.cache/shop.db')
 */
export async function openStorage<Url extends string>(
  url: Url,
  options?: StorageOptions<Url>,
): Promise<OpenedStorage<Url>> {
  const parsed = parseStorageUrl(url)
  const { parameters, driverParameters = [], make } = schemeNamed(parsed.scheme)
  const own = parsed.parameters.filter(({ name }) => Object.hasOwn(parameters, name))
  const others = parsed.parameters.filter(({ name }) => !Object.hasOwn(parameters, name))
  const unknown = driverParameters === 'any' ? [] : others.filter(({ name }) => !driverParameters.includes(name))
  refuseUnknown(parsed.scheme, unknown, parameters)
  const storage = await make({ ...parsed, parameters: others }, readOptions(own, parameters, { ...options }))
  if (storage.kind !== 'private') await openOrClose(storage)
  return storage as OpenedStorage<Url>
}

async function openOrClose(storage: Storage): Promise<void> {
  try {
    await storage.open()
  } catch (error) {
    await storage.close()
    throw error
  }
}
