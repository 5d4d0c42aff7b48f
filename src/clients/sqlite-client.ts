/**
 * What we call of a SQLite database: the part that `DatabaseSync` of `node:sqlite`, `Database` of better-sqlite3 and
 * `Database` of libsql have in common. All of it is synchronous.
 */
export interface SqliteClient {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  close(): unknown
}

/**
 * A prepared statement. libsql takes a single value that is an object for a list of values, and ends the process
 * over a blob: a statement with a blob needs a second parameter.
 */
export interface SqliteStatement {
  run(...values: SqliteValue[]): { readonly changes: number | bigint }
  get(...values: SqliteValue[]): unknown
  all(...values: SqliteValue[]): unknown[]
}

/** What a parameter may be. */
export type SqliteValue = number | string | null | Uint8Array

/** A blob of a row, as it comes: libsql gives the buffer itself. */
export type SqliteBlob = Uint8Array | ArrayBuffer

/** A blob as bytes, without copying. */
export function bytesOf(blob: SqliteBlob): Uint8Array {
  if (blob instanceof ArrayBuffer) return new Uint8Array(blob)
  // A Buffer of better-sqlite3 would share its memory with what `slice` makes of it.
  return new Uint8Array(blob.buffer, blob.byteOffset, blob.byteLength)
}

/** SQLite's own number for what went wrong, without its refinements: 5 is busy, 14 can't open, 26 no database, … */
export function resultCodeOf(error: unknown): number | undefined {
  const { errcode, rawCode, code } = error as { errcode?: unknown; rawCode?: unknown; code?: unknown }
  if (typeof errcode === 'number') return errcode & 0xff
  if (typeof rawCode === 'number') return rawCode & 0xff
  // SQLITE_BUSY_SNAPSHOT refines SQLITE_BUSY, and so on.
  const name = typeof code === 'string' ? /^SQLITE_[A-Z]+/.exec(code)?.[0] : undefined
  return name === undefined ? undefined : resultCodes[name]
}

const resultCodes: Readonly<Record<string, number>> = {
  SQLITE_BUSY: 5,
  SQLITE_LOCKED: 6,
  SQLITE_CORRUPT: 11,
  SQLITE_CANTOPEN: 14,
  SQLITE_NOTADB: 26,
}
