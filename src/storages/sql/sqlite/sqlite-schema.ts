import { resultCodeOf, type SqliteClient } from '../../../clients/sqlite-client.ts'
import { CacheError } from '../../../kernel/errors.ts'
import { checkMark, tableMissing } from '../schema-mark.ts'
import { whileBusy } from './busy.ts'
import { sqliteSchema } from './sqlite-schema-text.ts'

/** What is asked of a database before it is used. */
export interface SchemaPlan {
  readonly table: string
  /** What to do when the table is missing. */
  readonly schema: 'create' | 'expect'
  /** Milliseconds to wait for other connections. */
  readonly busyFor: number
}

/**
 * Makes the table and its indexes where they are missing, and leaves everything else in the database alone.
 *
 * @throws CacheError `INVALID_OPTION` for a table that isn't ours, or is missing and not to be made, `UNREADABLE` for a
 *   file that is no database; both are left as they were
 */
export async function prepareSchema(client: SqliteClient, { table, schema, busyFor }: SchemaPlan): Promise<void> {
  if (await whileBusy(busyFor, () => isThere(client, table))) return
  if (schema === 'expect') throw tableMissing('sqlite', table)
  await whileBusy(busyFor, () => createTable(client, table))
}

/** @throws CacheError as {@link prepareSchema} */
export function isThere(client: SqliteClient, table: string): boolean {
  const found = definitionOf(client, table)
  if (found === undefined) return false
  checkMark('sqlite', table, found)
  return true
}

function definitionOf(client: SqliteClient, table: string): string | undefined {
  try {
    const row = client.prepare('SELECT sql FROM sqlite_schema WHERE name = ? COLLATE NOCASE').get(table)
    // What SQLite made by itself (an index of a constraint) has no text, and can't be ours either.
    return row === undefined || row === null ? undefined : ((row as { sql: string | null }).sql ?? '')
  } catch (cause) {
    const code = resultCodeOf(cause)
    if (code !== 26 && code !== 11) throw cause
    throw new CacheError(
      'UNREADABLE',
      'sqlite: the file is damaged, or not a SQLite database; it was left as it is: give another `path`, or move it away',
      { cause },
    )
  }
}

function createTable(client: SqliteClient, table: string): void {
  client.exec('BEGIN IMMEDIATE')
  try {
    // Somebody else may have made it since we looked.
    if (!isThere(client, table)) client.exec(sqliteSchema(table))
    client.exec('COMMIT')
  } catch (cause) {
    client.exec('ROLLBACK')
    throw cause
  }
}
