import type { AnyStorage } from '../core/storages.ts'
import { CacheError, invalidOption } from '../kernel/errors.ts'
import { memory } from '../local/memory-cache.ts'
import { policyNames } from '../policies/create-policy.ts'
import { nullStorage } from '../storages/null.ts'
import { formatStorageUrl, hostsIn, pathIn, type StorageUrl } from './storage-url.ts'
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
    cluster: 'flag',
    nodes: 'text',
    poolSize: 'count',
    ttl: 'duration',
    feed: ['auto', 'tracking', 'pubsub', 'off'],
    driver: ['ioredis', '@redis/client'],
    'limits.connect': 'duration',
    'limits.silence': 'duration',
  },
  async make(url, { cluster = false, ...options }) {
    const address = { url: formatStorageUrl(url) }
    if (cluster !== true) {
      refuse('nodes', options, 'without cluster=true')
      return (await import('../storages/redis/redis.ts')).redis({ ...options, ...address })
    }
    refuse('poolSize', options, 'with cluster=true')
    const { nodes } = options
    const more = typeof nodes === 'string' && { nodes: nodes.split(',') }
    return (await import('../storages/redis/redis-cluster.ts')).redisCluster({ ...options, ...more, ...address })
  },
}

const memcached: Scheme = {
  parameters: {
    namespace: 'text',
    poolSize: 'count',
    'limits.connect': 'duration',
    'limits.answer': 'duration',
  },
  async make(url, options) {
    const { memcached: storage } = await import('../storages/memcached/memcached.ts')
    const { login, hosts } = hostsIn(url)
    return storage({ ...options, ...(login !== undefined && { login }), ...(hosts.length > 0 && { servers: hosts }) })
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
    return (await import('../storages/mongodb/mongodb.ts')).mongodb({ ...options, url: formatStorageUrl(url) })
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
  parameters: {
    ...sqlServer,
    durability: ['logged', 'unlogged'],
    feed: ['notify', 'none'],
    statements: ['plain', 'prepared'],
  },
  driverParameters: (
    'host port user password db encoding client_encoding options replication application_name ' +
    'fallback_application_name statement_timeout query_timeout lock_timeout idle_in_transaction_session_timeout ' +
    'ssl sslmode sslnegotiation sslcert sslkey sslrootcert uselibpqcompat'
  ).split(' '),
  async make(url, options) {
    return (await import('../storages/sql/postgres/postgres.ts')).postgres({ ...options, url: formatStorageUrl(url) })
  },
}

const mysql: Scheme = {
  parameters: sqlServer,
  driverParameters: (
    'charset compress connectAttributes connectTimeout dateStrings debug decimalNumbers enableKeepAlive flags ' +
    'keepAliveInitialDelay localAddress socketPath ssl supportBigNumbers bigNumberStrings timezone trace'
  ).split(' '),
  async make(url, options) {
    return (await import('../storages/sql/mysql/mysql.ts')).mysql({ ...options, url: formatStorageUrl(url) })
  },
}

const sqlite: Scheme = {
  parameters: {
    table: 'text',
    createSchema: 'flag',
    driver: ['node:sqlite', 'better-sqlite3', 'libsql'],
    sweepEvery: 'duration',
    'writes.flushEvery': 'duration',
    'writes.busyFor': 'duration',
  },
  async make(url, options) {
    const path = /^(\/\/)?:memory:$/.test(url.rest) ? ':memory:' : pathIn(url)
    return (await import('../storages/sql/sqlite/sqlite.ts')).sqlite({ ...options, path })
  },
}

const file: Scheme = {
  parameters: { sweepEvery: 'duration' },
  async make(url, options) {
    return (await import('../storages/file/file.ts')).file({ ...options, directory: pathIn(url) })
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
  memcached,
  mongodb,
  'mongodb+srv': mongodb,
  postgres,
  postgresql: postgres,
  mysql,
  mariadb: mysql,
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

function refuse(name: string, options: Readonly<Record<string, unknown>>, when: string): void {
  if (options[name] !== undefined) throw invalidOption(`openStorage: redis: ${name}`, `no \`${name}\` ${when}`, 'one')
}
