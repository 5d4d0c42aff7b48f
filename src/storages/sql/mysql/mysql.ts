import type { MysqlConnection } from '../../../clients/mysql-client.ts'
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
import { mysqlDialect } from './mysql-dialect.ts'
import { mysqlSchema } from './mysql-schema.ts'
import { lenderOf, mysqlFault, poolOf, type MysqlDatabase } from './mysql-source.ts'

/** Where a MySQL or MariaDB storage keeps its entries, and how. */
export type MysqlOptions = MysqlDatabase & ServerOptions

/**
 * Keeps entries in a table of a MySQL or MariaDB database, for any number of processes. Lifetimes and leases run on the
 * database's clock. Needs the package `mysql2`, unless it is given a pool.
 *
 * It has no feed: these servers have nothing to listen to.
 *
 * @throws CacheError `INVALID_OPTION` at once, for options that make no sense; when it opens, for a table that isn't
 *   ours, or is missing and not to be made; then also `UNSUPPORTED` without the driver
 *
 * @example
 * const storage = mysql({ url: 'mysql://localhost/shop' })
 */
export function mysql(options: MysqlOptions): Storage {
  const plan = resolveOptions(options)
  return sqlStorage<Opened>({
    kind: 'shared',
    type: 'mysql',
    clock: systemClock,
    sweepEvery: plan.sweepEvery,
    open: () => openTable(plan),
    close: ({ connections }) => connections.end(),
    more: (whenOpen) => ({
      serverStats: { read: () => whenOpen(({ connections }) => connections.use((client) => readFigures(client))) },
    }),
  })
}

interface Plan extends ServerPlan {
  readonly source: () => Promise<ConnectionSource<MysqlConnection>>
}

type Opened = OpenedServerTable<MysqlConnection>

function resolveOptions(options: MysqlOptions): Plan {
  const plan = serverPlan('mysql', options)
  return { ...plan, source: sourceOf(options, plan.limits) }
}

function sourceOf(
  { url, pool, poolSize = 10 }: MysqlDatabase & { readonly poolSize?: number },
  limits: ConnectionLimits,
): Plan['source'] {
  checkOneWay('mysql', { url, pool })
  if (pool !== undefined) return () => Promise.resolve(lenderOf(pool))
  if (typeof url !== 'string' || !/^(mysql|mariadb):\/\//.test(url)) {
    throw invalidOption('mysql: url', 'the URL of a database: mysql://…', 'something else')
  }
  const size = checkPoolSize('mysql', poolSize)
  return () => poolOf(url, size, limits.connect)
}

async function openTable(plan: Plan): Promise<Opened> {
  const { table } = plan
  return openServerTable({
    dialect: 'mysql',
    plan,
    source: await plan.source(),
    faultOf: mysqlFault,
    async findComment(client) {
      const text =
        'SELECT table_comment FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?'
      const [row] = await rowsOf(client, text, [table])
      return row && String(row[0])
    },
    createTable: async (client) => void (await rowsOf(client, mysqlSchema(table))),
    async makeDialect(client) {
      const [row] = await rowsOf(client, 'SELECT @@max_allowed_packet')
      return mysqlDialect({ table, longestPacket: Number(row?.[0]) })
    },
  })
}

/** Of the whole server: reads answered from its memory, and those that went to the disk. */
async function readFigures(client: MysqlConnection): Promise<ServerFigures> {
  const status = await rowsOf(
    client,
    `SHOW GLOBAL STATUS WHERE Variable_name IN
      ('Innodb_buffer_pool_read_requests', 'Innodb_buffer_pool_reads', 'Innodb_buffer_pool_bytes_data')`,
  )
  const figures = new Map(status.map(([name, figure]) => [String(name).toLowerCase(), Number(figure)]))
  const readCount = figures.get('innodb_buffer_pool_read_requests') ?? 0
  const missCount = figures.get('innodb_buffer_pool_reads') ?? 0
  const hitCount = Math.max(0, readCount - missCount)
  const [rows] = await rowsOf(
    client,
    'SELECT SUM(table_rows) FROM information_schema.tables WHERE table_schema = DATABASE()',
  )
  const keyCount = Number(rows?.[0] ?? 0)
  return {
    hitCount,
    missCount,
    hitRate: readCount === 0 ? 0 : hitCount / readCount,
    evictionCount: undefined,
    memoryBytes: figures.get('innodb_buffer_pool_bytes_data'),
    // An estimate, and none yet of what is new.
    keyCount: keyCount === 0 ? undefined : keyCount,
  }
}

async function rowsOf(client: MysqlConnection, sql: string, values: unknown[] = []): Promise<unknown[][]> {
  const [rows] = await client.query({ sql, values, rowsAsArray: true, typeCast: true })
  return rows as unknown[][]
}
