import type { PostgresClient } from '../../../clients/postgres-client.ts'
import type { ServerFigures, Storage } from '../../../contracts/storage.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { invalidOption } from '../../../kernel/errors.ts'
import type { ConnectionLimits, ConnectionSource } from '../server/connections.ts'
import { openServerTable, type OpenedServerTable } from '../server/open-table.ts'
import {
  checkOneWay,
  checkPoolSize,
  serverPlan,
  type ServerOptions,
  type ServerPlan,
} from '../server/server-options.ts'
import { sqlStorage } from '../sql-storage.ts'
import { postgresDialect, type PostgresStatements } from './postgres-dialect.ts'
import { postgresFeed, type PostgresFeed } from './postgres-feed.ts'
import { postgresSchema, type PostgresDurability } from './postgres-schema.ts'
import { lenderOf, poolOf, postgresFault, singleSource, type PostgresConnection } from './postgres-source.ts'

/** Where a Postgres storage keeps its entries, and how. */
export type PostgresOptions = PostgresConnection &
  ServerOptions & {
    /**
     * How the table is made: `'unlogged'` writes faster, and is emptied by a crash of the server and on its replicas.
     * Default `'logged'`.
     */
    readonly durability?: PostgresDurability
    /**
     * Whether changes are told to other processes, by `NOTIFY` in the writing transaction. All who use the table must
     * say the same. Default `'notify'`.
     */
    readonly feed?: 'notify' | 'none'
    /**
     * `'prepared'` has statements parsed and planned once for each connection: twice as fast for few keys, and not for
     * a pooler between that hands out connections by the transaction. Default `'plain'`.
     */
    readonly statements?: PostgresStatements
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
      const serverStats = {
        read: () => whenOpen(({ connections }) => connections.use((client) => readFigures(client))),
      }
      const { channel, canFollow } = plan
      if (channel === undefined || !canFollow) return { serverStats }
      feed = postgresFeed({
        channel,
        clock: systemClock,
        connect: () => whenOpen(({ connections }) => connections.connect()),
      })
      return { serverStats, feed }
    },
  })
}

interface Plan extends ServerPlan {
  readonly channel: string | undefined
  /** One connection can't listen and be taken up again. */
  readonly canFollow: boolean
  readonly durability: PostgresDurability
  readonly statements: PostgresStatements
  readonly source: () => Promise<ConnectionSource<PostgresClient>>
}

type Opened = OpenedServerTable<PostgresClient>

function resolveOptions(options: PostgresOptions): Plan {
  const { durability = 'logged', feed = 'notify', statements = 'plain' } = options
  const plan = serverPlan('postgres', options)
  checkChoice('durability', durability, ['logged', 'unlogged'])
  checkChoice('feed', feed, ['notify', 'none'])
  checkChoice('statements', statements, ['plain', 'prepared'])
  return {
    ...plan,
    channel: feed === 'notify' ? `tiercel:${plan.table}` : undefined,
    canFollow: options.client === undefined,
    durability,
    statements,
    source: sourceOf(options, plan.limits, feed === 'notify' ? 1 : 0),
  }
}

function checkChoice(option: string, choice: string, choices: readonly [string, string]): void {
  if (!choices.includes(choice)) throw invalidOption(`postgres: ${option}`, `'${choices.join("' or '")}'`, choice)
}

function sourceOf(
  { url, pool, client, poolSize = 10 }: PostgresConnection & { readonly poolSize?: number },
  limits: ConnectionLimits,
  forFeed: number,
): Plan['source'] {
  checkOneWay('postgres', { url, pool, client })
  if (pool !== undefined) return () => Promise.resolve(lenderOf(pool))
  if (client !== undefined) return () => Promise.resolve(singleSource(client))
  if (typeof url !== 'string' || !/^postgres(ql)?:\/\//.test(url)) {
    throw invalidOption('postgres: url', 'the URL of a database: postgres://…', 'something else')
  }
  const size = checkPoolSize('postgres', poolSize) + forFeed
  return () => poolOf(url, size, limits.connect)
}

async function openTable(plan: Plan): Promise<Opened> {
  const { table, durability } = plan
  return openServerTable({
    dialect: 'postgres',
    plan,
    source: await plan.source(),
    faultOf: postgresFault,
    findComment: (client) => findComment(client, table),
    createTable: (client) => createTable(client, postgresSchema(table, durability)),
    makeDialect: () => Promise.resolve(postgresDialect(plan)),
  })
}

async function findComment(client: PostgresClient, table: string): Promise<string | undefined> {
  const { rows } = await client.query({
    text: `SELECT coalesce(obj_description(found.id, 'pg_class'), '') FROM (SELECT to_regclass($1)::oid) AS found(id)
      WHERE found.id IS NOT NULL`,
    values: [`"${table}"`],
    rowMode: 'array',
  })
  return rows[0] && String(rows[0][0])
}

async function createTable(client: PostgresClient, text: string): Promise<void> {
  await client.query({ text, rowMode: 'array' })
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
    // An estimate, and none yet of what is new.
    keyCount: keyCount === 0 ? undefined : keyCount,
  }
}
