import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { SqliteClient } from '../../../clients/sqlite-client.ts'
import type { Storage } from '../../../contracts/storage.ts'
import type { Clock } from '../../../kernel/clock.ts'
import { parseDuration, parsePositiveDuration, type Duration } from '../../../kernel/duration.ts'
import { invalidOption } from '../../../kernel/errors.ts'
import { wallClock } from '../../wall-clock.ts'
import { sqlStorage } from '../sql-storage.ts'
import type { SqlTable } from '../sql-table.ts'
import { tableName } from '../table-name.ts'
import { whileBusy } from './busy.ts'
import { queuedTable } from './queued-table.ts'
import { openDatabase, sqliteDrivers, type SqliteDriver } from './sqlite-driver.ts'
import { isThere, prepareSchema } from './sqlite-schema.ts'
import { SqliteTable } from './sqlite-table.ts'
import { WriteQueue } from './write-queue.ts'

/** Where a SQLite storage keeps its entries, and how. */
export type SqliteOptions = SqliteDatabase & {
  /** Name of the table; it is made if it is missing. Letters, digits and `_`. Default `'tiercel'`. */
  readonly table?: string
  /** Make the table if it is missing. Default true. */
  readonly createSchema?: boolean
  readonly writes?: {
    /** How long what a load fills waits for company before it is written. Default 5 ms. */
    readonly flushEvery?: Duration
    /** How long an operation waits for other connections before it fails. Default 5 s. */
    readonly busyFor?: Duration
  }
  /** How often what has expired is looked for when nothing is written. `Infinity` for never. Default 1 minute. */
  readonly sweepEvery?: Duration
  /** What lifetimes run on. Default: the wall clock, which other processes and the next start of this one see too. */
  readonly clock?: Clock
}

/** A database by its path, or one that is open already. */
export type SqliteDatabase =
  | {
      /** The file, or `':memory:'` for one that ends with the storage. Missing folders are made. */
      readonly path: string
      /** Default: the first that is here. */
      readonly driver?: SqliteDriver
      readonly client?: undefined
    }
  | {
      /**
       * A database that the program has opened, and closes itself. Its settings are left alone; it must not be inside
       * a transaction when the event loop turns.
       */
      readonly client: SqliteClient
      readonly path?: undefined
      readonly driver?: undefined
    }

/**
 * Keeps entries in a table of a SQLite database: of this process, or of several on one machine.
 *
 * Writes go through one queue, in order, many to a transaction. What a load fills is written a few milliseconds
 * later; everything else is committed before its promise resolves, and survives the death of the process (of the
 * machine: possibly not the last moments). Nobody waits on the event loop for another process's lock.
 *
 * The driver is `node:sqlite` where Node has it, else `better-sqlite3` or `libsql`, whichever is installed.
 *
 * @throws CacheError `INVALID_OPTION` at once, for options that make no sense; when it opens, for a table that isn't
 *   ours; then also `UNREADABLE` for a file that is no database, `UNSUPPORTED` without a driver
 *
 * @example
 * const storage = sqlite({ path: '.cache/shop.db' })
 */
export function sqlite(options: SqliteOptions): Storage {
  const plan = resolveOptions(options)
  return sqlStorage<Opened>({
    kind: 'host',
    type: 'sqlite',
    clock: plan.clock,
    sweepEvery: plan.sweepEvery,
    open: () => openTable(plan),
    hurry: ({ queue }) => queue.hurry(),
    close({ client }) {
      if (client !== plan.database.client) client.close()
      return Promise.resolve()
    },
  })
}

interface Plan {
  /** A path is absolute: the working directory may change, and a driver can't take it for a URL. */
  readonly database: SqliteDatabase
  readonly table: string
  /** What to do when the table is missing. */
  readonly schema: 'create' | 'expect'
  readonly flushEvery: number
  readonly busyFor: number
  readonly sweepEvery: number
  readonly clock: Clock
}

interface Opened {
  readonly client: SqliteClient
  readonly table: SqlTable
  readonly queue: WriteQueue
}

const inMemory = ':memory:'

function resolveOptions(options: SqliteOptions): Plan {
  const { createSchema = true, clock = wallClock, writes = {}, sweepEvery = '1m', path, client, driver } = options
  if (client === undefined && (typeof path !== 'string' || path === '' || path.includes('\0'))) {
    throw invalidOption('sqlite: path', "the path of a file, or ':memory:', or a `client` instead", path)
  }
  if (client !== undefined && path !== undefined) throw invalidOption('sqlite: path', 'a `path` or a `client`', 'both')
  if (driver !== undefined && !sqliteDrivers.includes(driver)) {
    throw invalidOption('sqlite: driver', `one of ${sqliteDrivers.join(', ')}`, driver)
  }
  return {
    database: client === undefined && path !== inMemory ? { ...options, path: resolve(path) } : options,
    table: tableName('sqlite', options.table),
    schema: createSchema ? 'create' : 'expect',
    clock,
    flushEvery: parseShortDuration(writes.flushEvery ?? 5, 'sqlite: writes.flushEvery'),
    busyFor: parseShortDuration(writes.busyFor ?? '5s', 'sqlite: writes.busyFor'),
    sweepEvery: parsePositiveDuration(sweepEvery, 'sqlite: sweepEvery'),
  }
}

function parseShortDuration(duration: Duration, where: string): number {
  const milliseconds = parseDuration(duration, where)
  if (milliseconds <= 3_600_000) return milliseconds
  throw invalidOption(where, 'an hour at most', duration)
}

async function openTable(plan: Plan): Promise<Opened> {
  const { database, clock } = plan
  const client = database.client ?? (await openFile(database.path, plan))
  try {
    await prepareSchema(client, plan)
    const table = new SqliteTable(client, plan.table)
    const queue = new WriteQueue({
      begin: () => table.beginWriting(),
      commit: () => table.commit(),
      rollback: () => table.rollback(),
      // Every row that is written pays for one that has died, so the table can't grow on the dead.
      beforeCommit: (stepCount) => void table.sweepSome(clock.now(), stepCount),
      flushEvery: plan.flushEvery,
      busyFor: plan.busyFor,
    })
    return { client, queue, table: queuedTable(table, queue, plan) }
  } catch (error) {
    if (client !== database.client) client.close()
    throw error
  }
}

async function openFile(path: string, { database, table, busyFor }: Plan): Promise<SqliteClient> {
  if (path !== inMemory) await makeFile(path)
  const client = await openDatabase(path, database.driver)
  try {
    client.exec('PRAGMA busy_timeout = 0')
    // Before anything is changed: a table that isn't ours, or no database at all, must be left as it is.
    await whileBusy(busyFor, () => isThere(client, table))
    // Readers and the writer don't wait for each other; a commit is in the file, if not yet on the disk.
    await whileBusy(busyFor, () => client.exec('PRAGMA journal_mode = WAL'))
    client.exec('PRAGMA synchronous = NORMAL')
    return client
  } catch (error) {
    client.close()
    throw error
  }
}

/** Made here, because SQLite would let everybody read it. Cached values are as private as what they were made from. */
async function makeFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(path, 'a', 0o600)
  await file.close()
}
