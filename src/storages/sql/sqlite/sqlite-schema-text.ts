import { schemaMark } from '../schema-mark.ts'
import { never } from '../sql-table.ts'

/** Which rows will be dead one day because their entry expires. The index, and whoever uses it, must say it alike. */
export const isExpiring: string = `expires_at > 0 AND expires_at < ${never}`

/** Which rows are but a lease, or were. */
export const isStub = 'expires_at = 0'

/**
 * What makes the table and its indexes. SQLite keeps the text, comments and all.
 *
 * With a rowid, and the key in an index: without one, every payload would sit inside the tree of keys. Payload last, so
 * that what comes before it is read without it. `expires_at` and `lease_until` are milliseconds since 1970.
 */
export function sqliteSchema(table: string): string {
  return `CREATE TABLE "${table}" ( /* ${schemaMark} */
  key BLOB NOT NULL UNIQUE,
  expires_at INTEGER NOT NULL DEFAULT 0,
  lease_until INTEGER NOT NULL DEFAULT 0,
  lease_token TEXT,
  header BLOB,
  payload BLOB
);
CREATE INDEX "${table}_expiring" ON "${table}" (expires_at) WHERE ${isExpiring};
CREATE INDEX "${table}_leased" ON "${table}" (lease_until) WHERE ${isStub};
`
}
