import { systemClock } from '../../../kernel/clock.ts'
import { checkMark, tableMissing } from '../schema-mark.ts'
import type { SqlTable } from '../sql-table.ts'
import { Connections, type ConnectionSource, type StatementFault } from './connections.ts'
import type { ServerPlan } from './server-options.ts'
import { serverTable } from './server-table.ts'
import type { SqlDialect } from './sql-dialect.ts'

/** How a dialect comes to its table. */
export interface TableSteps<Client> {
  readonly dialect: string
  readonly plan: ServerPlan
  readonly source: ConnectionSource<Client>
  readonly faultOf: (error: unknown) => StatementFault
  /** The comment of whatever has the table's name; `undefined` if nothing has. */
  readonly findComment: (client: Client) => Promise<string | undefined>
  readonly createTable: (client: Client) => Promise<void>
  readonly makeDialect: (client: Client) => Promise<SqlDialect<Client>>
}

/** A table on a server, and the connections it is used through. */
export interface OpenedServerTable<Client> {
  readonly table: SqlTable
  readonly connections: Connections<Client>
}

/**
 * Connects, and makes the table if it is missing.
 * @throws CacheError `INVALID_OPTION` for a table that isn't ours, or is missing and not to be made
 */
export async function openServerTable<Client>(steps: TableSteps<Client>): Promise<OpenedServerTable<Client>> {
  const { plan, makeDialect } = steps
  const connections = new Connections({ ...steps, limits: plan.limits, clock: systemClock })
  try {
    const dialect = await connections.use(async (client) => {
      await prepareTable(client, steps)
      return makeDialect(client)
    })
    return { connections, table: serverTable(connections, dialect) }
  } catch (error) {
    await connections.end()
    throw error
  }
}

async function prepareTable<Client>(client: Client, steps: TableSteps<Client>): Promise<void> {
  const { dialect, plan, createTable } = steps
  if (await isThere(client, steps)) return
  if (plan.schema === 'expect') throw tableMissing(dialect, plan.table)
  try {
    await createTable(client)
  } catch (error) {
    // Somebody else may have made it since we looked.
    if (!(await isThere(client, steps))) throw error
  }
}

async function isThere<Client>(client: Client, { dialect, plan, findComment }: TableSteps<Client>): Promise<boolean> {
  const comment = await findComment(client)
  if (comment === undefined) return false
  checkMark(dialect, plan.table, comment)
  return true
}
