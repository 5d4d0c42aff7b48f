import { bytesOf, type SqliteBlob, type SqliteClient, type SqliteStatement } from '../../../clients/sqlite-client.ts'
import type { Claim, ClaimAnswer, Stored } from '../../../contracts/storage.ts'
import { staleStored } from '../../stale-stored.ts'
import { prefixRange } from '../prefix-range.ts'
import type { KeyPage, Listed } from '../sql-table.ts'
import { isExpiring, isStub } from './sqlite-schema-text.ts'
import { unfinished } from './write-queue.ts'

/** An entry on its way into the table. */
export interface Row extends Stored {
  readonly key: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

// Few enough that one step is short even if every row is a megabyte.
const rowsPerStep = 20
const keysPerPage = 500

/**
 * The statements of one table, and what they do to a row. All of it is synchronous: several of them inside one
 * transaction see what they have done, and nobody else does.
 *
 * Keys are kept as UTF-8 in blobs: as text, some drivers end them at a NUL, and collations have opinions.
 */
export class SqliteTable {
  readonly #client: SqliteClient
  readonly #statements: ReturnType<typeof prepareStatements>

  constructor(client: SqliteClient, name: string) {
    this.#client = client
    this.#statements = prepareStatements(client, `"${name}"`)
  }

  begin(): void {
    this.#client.exec('BEGIN')
  }

  beginWriting(): void {
    this.#client.exec('BEGIN IMMEDIATE')
  }

  commit(): void {
    this.#client.exec('COMMIT')
  }

  /** Only for a transaction begun here. After some errors SQLite has rolled back by itself, and there is nothing left. */
  rollback(): void {
    try {
      this.#client.exec('ROLLBACK')
    } catch {
      // Whoever rolls back has a better error in hand.
    }
  }

  get(key: string, now: number): Stored | undefined {
    const row = this.#statements.get.get(blob(key), now) as StoredRow | undefined
    return row === undefined ? undefined : { header: bytesOf(row.header), payload: bytesOf(row.payload) }
  }

  set({ key, header, payload, expiresAt }: Row): void {
    this.#statements.set.run(blob(key), header, payload, expiresAt)
  }

  expire(key: string, now: number): void {
    const row = this.#head(key, now)
    const stale = row && staleStored(row, now)
    if (row === undefined || stale === undefined) {
      this.delete(key, now)
      return
    }
    const expiresAt = Math.min(row.expiresAt, stale.expiredAt)
    this.#statements.setHeader.run(stale.header, expiresAt, blob(key))
  }

  /** @returns whether there was an entry */
  delete(key: string, now: number): boolean {
    const bytes = blob(key)
    if (changed(this.#statements.deleteEntry.run(bytes, now))) return true
    this.#statements.deleteRest.run(bytes, now)
    return false
  }

  /** Sets what isn't there. @returns what is there now */
  ensure(row: Row, now: number): Stored {
    const { header, payload } = row
    const there = this.get(row.key, now)
    if (there === undefined) this.set(row)
    else this.#statements.prolong.run(row.expiresAt, blob(row.key))
    return there ?? { header, payload }
  }

  /** Sets a marker that lives no shorter than the one there. With `softOnly` the header stays what it is. */
  change(row: Row, softOnly: boolean, now: number): void {
    const there = this.#head(row.key, now)
    const header = softOnly && there !== undefined ? there.header : row.header
    this.set({ ...row, header, expiresAt: Math.max(row.expiresAt, there?.expiresAt ?? 0) })
  }

  claim({ key, token, life, force }: Claim, now: number): ClaimAnswer {
    const stored = this.get(key, now)
    const won = changed(this.#statements.claim.run(blob(key), token, now + life, force === true ? 1 : 0, now))
    return { won, stored, now }
  }

  renew({ key, token, life }: Claim, now: number): boolean {
    return changed(this.#statements.renew.run(now + life, blob(key), token, now))
  }

  fulfil({ key, header, payload, expiresAt }: Row, token: string, now: number): boolean {
    return changed(this.#statements.fulfil.run(header, payload, expiresAt, blob(key), token, now))
  }

  /** A row without an entry is dead then. */
  release(key: string, token: string): void {
    this.#statements.release.run(blob(key), token)
  }

  /** Deletes some of the rows under a prefix; `unfinished` if there may be more. */
  clearSome(prefix: string): undefined | typeof unfinished {
    const [from, to] = prefixRange(Buffer.from(prefix))
    const { changes } = this.#statements.clear.run(from, to, rowsPerStep)
    return Number(changes) < rowsPerStep ? undefined : unfinished
  }

  /** Deletes some of the rows that nobody can see any more; `unfinished` if there may be more. */
  sweepSome(now: number, limit: number = rowsPerStep): undefined | typeof unfinished {
    const expired = Number(this.#statements.sweepExpired.run(now, now, limit).changes)
    const stubs = Number(this.#statements.sweepStubs.run(now, limit).changes)
    return expired < limit && stubs < limit ? undefined : unfinished
  }

  /** Whether there is anything to sweep. A look costs no lock. */
  hasDead(now: number): boolean {
    return this.#statements.findDead.all(now, now, now).length > 0
  }

  /** A page of the keys of entries, or of leases, in order, that begin with `prefix` and come behind `after`. */
  page(what: Listed, prefix: string, after: string | undefined, now: number): KeyPage {
    const [from, to] = prefixRange(Buffer.from(prefix))
    // Nothing fits between a key and the same with a zero behind it.
    const start = after === undefined ? from : blob(`${after}\0`)
    const statement = what === 'entries' ? this.#statements.keys : this.#statements.leasedKeys
    const rows = statement.all(start, to, now, keysPerPage) as { key: SqliteBlob }[]
    const keys = rows.map(({ key }) => Buffer.from(bytesOf(key)).toString())
    return { keys, last: keys.length < keysPerPage ? undefined : keys.at(-1) }
  }

  #head(key: string, now: number): { readonly header: Uint8Array; readonly expiresAt: number } | undefined {
    const row = this.#statements.getHeader.get(blob(key), now) as HeaderRow | undefined
    return row && { header: bytesOf(row.header), expiresAt: row.expires_at }
  }
}

interface StoredRow {
  readonly header: SqliteBlob
  readonly payload: SqliteBlob
}

interface HeaderRow {
  readonly header: SqliteBlob
  readonly expires_at: number
}

type Statement =
  | 'get'
  | 'getHeader'
  | 'set'
  | 'setHeader'
  | 'prolong'
  | 'deleteEntry'
  | 'deleteRest'
  | 'claim'
  | 'renew'
  | 'fulfil'
  | 'release'
  | 'clear'
  | 'sweepExpired'
  | 'sweepStubs'
  | 'findDead'
  | 'keys'
  | 'leasedKeys'

function prepareStatements(client: SqliteClient, table: string): Readonly<Record<Statement, SqliteStatement>> {
  // Parameters are positional and in the order of the text: that much all three drivers agree on.
  const isEntry = 'expires_at > ?'
  const isDead = `${isExpiring} AND expires_at <= ? AND lease_until <= ?`
  const isDeadStub = `${isStub} AND lease_until <= ?`
  return {
    get: client.prepare(
      `SELECT coalesce(header, x'') AS header, coalesce(payload, x'') AS payload FROM ${table}
       WHERE key = ? AND ${isEntry}`,
    ),
    getHeader: client.prepare(`SELECT header, expires_at FROM ${table} WHERE key = ? AND ${isEntry}`),
    // Drivers differ in whether an empty blob arrives as one, or as NULL.
    set: client.prepare(
      `INSERT INTO ${table} (key, header, payload, expires_at) VALUES (?, coalesce(?, x''), coalesce(?, x''), ?)
       ON CONFLICT (key) DO UPDATE SET header = excluded.header, payload = excluded.payload,
         expires_at = excluded.expires_at, lease_token = NULL, lease_until = 0`,
    ),
    setHeader: client.prepare(
      `UPDATE ${table} SET header = ?, expires_at = ?, lease_token = NULL, lease_until = 0 WHERE key = ?`,
    ),
    prolong: client.prepare(`UPDATE ${table} SET expires_at = max(expires_at, ?) WHERE key = ?`),
    deleteEntry: client.prepare(`DELETE FROM ${table} WHERE key = ? AND ${isEntry}`),
    deleteRest: client.prepare(`DELETE FROM ${table} WHERE key = ? AND expires_at <= ?`),
    claim: client.prepare(
      `INSERT INTO ${table} (key, lease_token, lease_until) VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET lease_token = excluded.lease_token, lease_until = excluded.lease_until
         WHERE ? = 1 OR lease_until <= ?`,
    ),
    renew: client.prepare(`UPDATE ${table} SET lease_until = ? WHERE key = ? AND lease_token = ? AND lease_until > ?`),
    // An update, never an insert: where the lease has gone the row may have gone with it, and must not come back.
    fulfil: client.prepare(
      `UPDATE ${table} SET header = coalesce(?, x''), payload = coalesce(?, x''), expires_at = ?,
         lease_token = NULL, lease_until = 0
       WHERE key = ? AND lease_token = ? AND lease_until > ?`,
    ),
    release: client.prepare(
      `UPDATE ${table} SET lease_token = NULL, lease_until = 0 WHERE key = ? AND lease_token = ?`,
    ),
    clear: client.prepare(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table}
         WHERE key >= coalesce(?, x'') AND key < ? LIMIT ?)`,
    ),
    sweepExpired: client.prepare(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${isDead} LIMIT ?)`,
    ),
    sweepStubs: client.prepare(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${isDeadStub} LIMIT ?)`,
    ),
    findDead: client.prepare(
      `SELECT 1 WHERE EXISTS (SELECT 1 FROM ${table} WHERE ${isDead})
         OR EXISTS (SELECT 1 FROM ${table} WHERE ${isDeadStub})`,
    ),
    keys: client.prepare(
      `SELECT key FROM ${table} WHERE key >= coalesce(?, x'') AND key < ? AND ${isEntry} ORDER BY key LIMIT ?`,
    ),
    leasedKeys: client.prepare(
      `SELECT key FROM ${table} WHERE key >= coalesce(?, x'') AND key < ? AND lease_until > ? ORDER BY key LIMIT ?`,
    ),
  }
}

function blob(key: string): Uint8Array {
  return Buffer.from(key)
}

function changed({ changes }: { readonly changes: number | bigint }): boolean {
  return Number(changes) > 0
}
