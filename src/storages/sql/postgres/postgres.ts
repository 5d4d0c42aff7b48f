import type { PostgresClient } from '../../../clients/postgres-client.ts'
import type { ServerFigures, Storage } from '../../../contracts/storage.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { parsePositiveDuration, type Duration } from '../../../kernel/duration.ts'
import { invalidOption } from '../../../kernel/errors.ts'
import { checkMark, tableMissing } from '../schema-mark.ts'
import { Connections, type ConnectionLimits, type ConnectionSource } from '../server/connections.ts'
import { limitsOf, type LimitOptions } from '../server/limit-options.ts'
import { serverTable } from '../server/server-table.ts'
import { sqlStorage } from '../sql-storage.ts'
import type { SqlTable } from '../sql-table.ts'
import { tableName } from '../table-name.ts'
import { postgresDialect } from './postgres-dialect.ts'
import { postgresFeed, type PostgresFeed } from './postgres-feed.ts'
import { postgresSchema, type PostgresDurability } from './postgres-schema.ts'
import { lenderOf, poolOf, postgresFault, singleSource, type PostgresConnection } from './postgres-source.ts'

/** Where a Postgres storage keeps its entries, and how. */
export type PostgresOptions = PostgresConnection & {
  /** Name of the table, in the first schema of the search path. Letters, digits and `_`. Default `'tiercel'`. */
  readonly table?: string
  /** Make the table if it is missing. Default true. */
  readonly createSchema?: boolean
  /**
   * How the table is made: `'unlogged'` writes faster, and is emptied by a crash of the server and on its replicas.
   * Default `'logged'`.
   */
  readonly durability?: PostgresDurability
  /**
   * Whether changes are told to other processes, by `NOTIFY` in the writing transaction. All who use the table must say
   * the same. Default `'notify'`.
   */
  readonly feed?: 'notify' | 'none'
  /** How often what has expired is removed. `Infinity` for never. Default 1 minute. */
  readonly sweepEvery?: Duration
  readonly limits?: LimitOptions
}

/**
 * Keeps entries in a table of a Postgres database, for any number of processes. Lifetimes and leases run on the
 * database's clock. Needs the package `pg`, unless it is given a pool or a client.
 *
 * @throws CacheError `INVALID_OPTION` at once, for options that make no sense; when it opens, for a table that isn't
 *   ours, or is missing and not to be made; then also `UNSUPPORTED` without the driver
 *
 * @example
 * const storage = postgres({ url: 'postgres://localhost/shop' })
 */
export function postgres(options: PostgresOptions): Storage {
  const plan = resolveOptions(options)
  let feed: PostgresFeed | undefined
  return sqlStorage<Opened>({
    kind: 'shared',
    type: 'postgres',
    clock: systemClock,
    sweepEvery: plan.sweepEvery,
    open: () => openTable(plan),
    async close({ connections }) {
      await feed?.close()
      await connections.end()
    },
    more(whenOpen) {
      const serverStats = { read: () => whenOpen(({ connections }) => connections.use(readFigures)) }
      const { channel, canFollow } = plan
      if (channel === undefined || !canFollow) return { serverStats }
      feed = postgresFeed({
        channel,
        clock: systemClock,
        connect: () => whenOpen(({ connections }) => connections.connect()),
      })
      return { serverStats, feed: { follow: feed.follow } }
    },
  })
}

interface Plan {
  readonly table: string
  readonly channel: string | undefined
  /** One connection can't listen and be taken up again. */
  readonly canFollow: boolean
  readonly schema: 'create' | 'expect'
  readonly durability: PostgresDurability
  readonly sweepEvery: number
  readonly limits: ConnectionLimits
  readonly source: () => Promise<ConnectionSource<PostgresClient>>
}

interface Opened {
  readonly table: SqlTable
  readonly connections: Connections<PostgresClient>
}

function resolveOptions(options: PostgresOptions): Plan {
  const { createSchema = true, durability = 'logged', feed = 'notify', sweepEvery = '1m' } = options
  const table = tableName('postgres', options.table)
  if (!['logged', 'unlogged'].includes(durability)) {
    throw invalidOption('postgres: durability', "'logged' or 'unlogged'", durability)
  }
  if (!['notify', 'none'].includes(feed)) throw invalidOption('postgres: feed', "'notify' or 'none'", feed)
  const limits = limitsOf('postgres', options.limits)
  return {
    table,
    channel: feed === 'notify' ? `tiercel:${table}` : undefined,
    canFollow: options.client === undefined,
    schema: createSchema ? 'create' : 'expect',
    durability,
    sweepEvery: parsePositiveDuration(sweepEvery, 'postgres: sweepEvery'),
    limits,
    source: sourceOf(options, limits, feed === 'notify' ? 1 : 0),
  }
}

function sourceOf(
  { url, pool, client, poolSize = 10 }: PostgresConnection & { readonly poolSize?: number },
  limits: ConnectionLimits,
  forFeed: number,
): Plan['source'] {
  const given = [url, pool, client].filter((one) => one !== undefined)
  if (given.length !== 1) {
    throw invalidOption('postgres', 'either a `url`, or a `pool`, or a `client`', `${given.length} of them`)
  }
  if (pool !== undefined) return () => Promise.resolve(lenderOf(pool))
  if (client !== undefined) return () => Promise.resolve(singleSource(client))
  if (typeof url !== 'string' || !/^postgres(ql)?:\/\//.test(url)) {
    throw invalidOption('postgres: url', 'the URL of a database: postgres://…', 'something else')
  }
  if (!Number.isInteger(poolSize) || poolSize < 1) {
    throw invalidOption('postgres: poolSize', 'a whole number, 1 or more', poolSize)
  }
  return () => poolOf(url, poolSize + forFeed, limits.connect)
}

async function openTable(plan: Plan): Promise<Opened> {
  const connections = new Connections({
    dialect: 'postgres',
    source: await plan.source(),
    limits: plan.limits,
    clock: systemClock,
    faultOf: postgresFault,
  })
  try {
    await connections.use((client) => prepareSchema(client, plan))
    return { connections, table: serverTable(connections, postgresDialect(plan)) }
  } catch (error) {
    await connections.end()
    throw error
  }
}

async function prepareSchema(client: PostgresClient, { table, schema, durability }: Plan): Promise<void> {
  if (await isThere(client, table)) return
  if (schema === 'expect') throw tableMissing('postgres', table)
  try {
    await client.query({ text: postgresSchema(table, durability), rowMode: 'array' })
  } catch (error) {
    // Somebody else may have made it since we looked.
    if (!(await isThere(client, table))) throw error
  }
}

/** @throws CacheError `INVALID_OPTION` if it is there and not ours */
async function isThere(client: PostgresClient, table: string): Promise<boolean> {
  const { rows } = await client.query({
    text: `SELECT found.id IS NOT NULL, obj_description(found.id, 'pg_class') FROM (SELECT to_regclass($1)::oid) AS found(id)`,
    values: [`"${table}"`],
    rowMode: 'array',
  })
  const [isFound, comment] = rows[0] ?? []
  if (isFound !== true) return false
  checkMark('postgres', table, typeof comment === 'string' ? comment : '')
  return true
}

/** Of the whole database: reads answered from the server's memory, and those that went to the disk. */
async function readFigures(client: PostgresClient): Promise<ServerFigures> {
  const { rows } = await client.query({
    text: `SELECT blks_hit, blks_read, pg_database_size(datid), (SELECT sum(n_live_tup) FROM pg_stat_user_tables)
      FROM pg_stat_database WHERE datname = current_database()`,
    rowMode: 'array',
  })
  const [hitCount = 0, missCount = 0, memoryBytes = 0, keyCount = 0] = (rows[0] ?? []).map(Number)
  const readCount = hitCount + missCount
  return {
    hitCount,
    missCount,
    hitRate: readCount === 0 ? 0 : hitCount / readCount,
    evictionCount: undefined,
    memoryBytes,
    keyCount,
  }
}
