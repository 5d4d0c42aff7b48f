import type { AnyStorage } from '../core/storages.ts'
import { CacheError } from '../kernel/errors.ts'
import { memory } from '../local/memory-cache.ts'
import { policyNames } from '../policies/create-policy.ts'
import { nullStorage } from '../storages/null.ts'
import { formatStorageUrl, pathIn, type StorageUrl } from './storage-url.ts'
import type { ParameterKinds } from './url-options.ts'

/** What a URL of some kind may say, and what it stands for. */
export interface Scheme {
  readonly parameters: ParameterKinds
  /** Parameters that the driver takes in its URLs; `'any'` where it refuses unknown ones itself. */
  readonly driverParameters?: readonly string[] | 'any'
  /**
   * @param url with the driver's parameters alone
   * @param options checked as far as their kinds go; the storage checks the rest
   */
  readonly make: (url: StorageUrl, options: Record<string, unknown>) => AnyStorage | Promise<AnyStorage>
}

/*
 * Every storage comes by its own import: who doesn't use it doesn't load it, nor need its driver. The options were put
 * together from a URL, and it is the storage that says what is wrong with them.
 */

const local: Scheme = {
  parameters: {
    size: 'count',
    maxEntries: 'count',
    policy: [...policyNames, 'tlfu'],
    ttl: 'duration',
    freeze: 'flag',
    clone: 'flag',
  },
  make({ rest }, { size, policy, ...options }) {
    const named = policy ?? (rest.replace(/^\/\//, '').replace(/\/$/, '') || undefined)
    const known = named === 'tlfu' ? 'tinylfu' : named
    return memory({
      ...(size !== undefined && { maxEntries: size }),
      ...(known !== undefined && { policy: known }),
      ...options,
    } as Parameters<typeof memory>[0])
  },
}

const redis: Scheme = {
  parameters: {
    poolSize: 'count',
    ttl: 'duration',
    driver: ['ioredis', '@redis/client'],
    'limits.connect': 'duration',
    'limits.silence': 'duration',
  },
  async make(url, options) {
    const storages = await import('../storages/redis/redis.ts')
    return storages.redis({ ...options, url: formatStorageUrl(url) })
  },
}

const mongodb: Scheme = {
  parameters: {
    database: 'text',
    collection: 'text',
    createSchema: 'flag',
    poolSize: 'count',
    'limits.connect': 'duration',
    'limits.command': 'duration',
  },
  driverParameters: 'any',
  async make(url, options) {
    const storages = await import('../storages/mongodb/mongodb.ts')
    return storages.mongodb({ ...options, url: formatStorageUrl(url) })
  },
}

const sqlServer: ParameterKinds = {
  table: 'text',
  createSchema: 'flag',
  sweepEvery: 'duration',
  poolSize: 'count',
  'limits.connect': 'duration',
  'limits.statement': 'duration',
}

const postgres: Scheme = {
  parameters: { ...sqlServer, durability: ['logged', 'unlogged'], feed: ['notify', 'none'] },
  driverParameters: (
    'host port user password db encoding client_encoding options replication application_name ' +
    'fallback_application_name statement_timeout query_timeout lock_timeout idle_in_transaction_session_timeout ' +
    'ssl sslmode sslnegotiation sslcert sslkey sslrootcert uselibpqcompat'
  ).split(' '),
  async make(url, options) {
    const storages = await import('../storages/sql/postgres/postgres.ts')
    return storages.postgres({ ...options, url: formatStorageUrl(url) })
  },
}

const sqlite: Scheme = {
  parameters: {
    table: 'text',
    driver: ['node:sqlite', 'better-sqlite3', 'libsql'],
    sweepEvery: 'duration',
    'writes.flushEvery': 'duration',
    'writes.busyFor': 'duration',
  },
  async make(url, options) {
    const storages = await import('../storages/sql/sqlite/sqlite.ts')
    const path = /^(\/\/)?:memory:$/.test(url.rest) ? ':memory:' : pathIn(url)
    return storages.sqlite({ ...options, path })
  },
}

const file: Scheme = {
  parameters: { sweepEvery: 'duration' },
  async make(url, options) {
    const storages = await import('../storages/file/file.ts')
    return storages.file({ ...options, directory: pathIn(url) })
  },
}

const nothing: Scheme = {
  parameters: {},
  make: () => nullStorage(),
}

const schemes: Readonly<Record<string, Scheme>> = {
  local,
  redis,
  rediss: redis,
  mongodb,
  'mongodb+srv': mongodb,
  postgres,
  postgresql: postgres,
  sqlite,
  file,
  null: nothing,
}

/** @throws CacheError `INVALID_OPTION` that lists the schemes there are */
export function schemeNamed(name: string): Scheme {
  const scheme = Object.hasOwn(schemes, name) ? schemes[name] : undefined
  if (scheme !== undefined) return scheme
  const known = Object.keys(schemes).map((one) => `${one}:`)
  throw new CacheError('INVALID_OPTION', `openStorage: url: expected one of ${known.join(', ')}; got ${name}:`)
}
