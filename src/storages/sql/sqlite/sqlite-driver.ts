import type { SqliteClient } from '../../../clients/sqlite-client.ts'
import { CacheError } from '../../../kernel/errors.ts'

/** The drivers, in the order they are tried. */
export const sqliteDrivers = ['node:sqlite', 'better-sqlite3', 'libsql'] as const

/** What talks to SQLite: the one in Node from 22.13 on, or a package of the same manners. */
export type SqliteDriver = (typeof sqliteDrivers)[number]

/**
 * Opens a database with the given driver, or the first that is here.
 * @throws CacheError `UNSUPPORTED` if there is none, saying what to install
 */
export async function openDatabase(path: string, driver?: SqliteDriver): Promise<SqliteClient> {
  const candidates = driver === undefined ? sqliteDrivers : [driver]
  const causes: unknown[] = []
  for (const candidate of candidates) {
    const Database = await load(candidate).catch((cause: unknown) => void causes.push(cause))
    if (Database !== undefined) return new Database(path)
  }
  throw new CacheError(
    'UNSUPPORTED',
    `sqlite: no driver: expected ${candidates.join(', or ')} to be importable: ` +
      'use Node 22.13 or later, or `npm install better-sqlite3` or `npm install libsql`',
    { cause: new AggregateError(causes) },
  )
}

type DatabaseClass = new (path: string) => SqliteClient

/* oxlint-disable typescript/no-unnecessary-type-assertion --
   The words `as string` keep the compiler from looking for types that may not be installed. */
async function load(driver: SqliteDriver): Promise<DatabaseClass> {
  switch (driver) {
    case 'node:sqlite':
      return ((await import('node:sqlite' as string)) as { DatabaseSync: DatabaseClass }).DatabaseSync
    case 'better-sqlite3':
      return ((await import('better-sqlite3' as string)) as { default: DatabaseClass }).default
    case 'libsql':
      return ((await import('libsql' as string)) as { default: DatabaseClass }).default
  }
}
