import { resultCodeOf, type SqliteClient } from '../../../clients/sqlite-client.ts'
import { CacheError } from '../../../kernel/errors.ts'
import { whileBusy } from './busy.ts'

const version = 1

/**
 * Makes the table and its indexes where they are missing, and leaves everything else in the database alone.
 *
 * SQLite keeps the text of a CREATE TABLE, comments and all. Ours carries a mark with the version of the schema, so
 * that a table of the same name that isn't ours, or is of a later Tiercel, is recognised without a second table.
 *
 * @param busyFor milliseconds to wait for other connections
 * @throws CacheError `INVALID_OPTION` for such a table, `UNREADABLE` for a file that is no database; both are left as
 *   they were
 */
export async function prepareSchema(client: SqliteClient, table: string, busyFor: number): Promise<void> {
  if (await whileBusy(busyFor, () => isThere(client, table))) return
  await whileBusy(busyFor, () => createTable(client, table))
}

/** @throws CacheError as {@link prepareSchema} */
export function isThere(client: SqliteClient, table: string): boolean {
  const found = definitionOf(client, table)
  if (found === undefined) return false
  const mark = /\/\* tiercel entries, version (\d+) \*\//.exec(found)
  if (mark === null) {
    throw new CacheError(
      'INVALID_OPTION',
      `sqlite: the database has a table ${JSON.stringify(table)} that is not a cache of Tiercel: give another \`table\``,
    )
  }
  if (Number(mark[1]) === version) return true
  throw new CacheError(
    'INVALID_OPTION',
    `sqlite: the table ${JSON.stringify(table)} has the schema of version ${mark[1]}, and only ${version} is known: ` +
      'give another `table`, or use the Tiercel that made it',
  )
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
    if (!isThere(client, table)) client.exec(schemaOf(table))
    client.exec('COMMIT')
  } catch (cause) {
    client.exec('ROLLBACK')
    throw cause
  }
}

/*
 * With a rowid, and the key in an index: without one, every payload would sit inside the tree of keys. Payload last,
 * so that what comes before it is read without it. `expires_at` and `lease_until` are milliseconds since 1970.
 */
function schemaOf(table: string): string {
  return `
    CREATE TABLE "${table}" ( /* tiercel entries, version ${version} */
      key BLOB NOT NULL UNIQUE,
      expires_at INTEGER,
      lease_token TEXT,
      lease_until INTEGER,
      header BLOB,
      payload BLOB
    );
    CREATE INDEX "${table}_expiring" ON "${table}" (expires_at) WHERE expires_at IS NOT NULL;
    CREATE INDEX "${table}_leased" ON "${table}" (lease_until) WHERE header IS NULL;
  `
}
