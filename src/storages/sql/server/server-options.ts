import { parsePositiveDuration, type Duration } from '../../../kernel/duration.ts'
import { invalidOption } from '../../../kernel/errors.ts'
import { tableName } from '../table-name.ts'
import type { ConnectionLimits } from './connections.ts'

/** What all storages on a database server can be told. */
export interface ServerOptions {
  /** Name of the table, in the database's or the connection's own schema. Letters, digits and `_`. Default `'tiercel'`. */
  readonly table?: string
  /** Make the table if it is missing. Default true. */
  readonly createSchema?: boolean
  /** How often what has expired is removed. `Infinity` for never. Default 1 minute. */
  readonly sweepEvery?: Duration
  /** How long the storage waits for its server, whatever the time limit of the tier above it. */
  readonly limits?: LimitOptions
}

/** Limits of a storage on a server. */
export interface LimitOptions {
  /** For a connection: a free one, or a new one. Default 5 s. */
  readonly connect?: Duration
  /** For the answer to a statement. Past it the connection is given up. Default 10 s. */
  readonly statement?: Duration
}

/** The same, parsed. */
export interface ServerPlan {
  readonly table: string
  /** What to do when the table is missing. */
  readonly schema: 'create' | 'expect'
  readonly sweepEvery: number
  readonly limits: ConnectionLimits
}

/** @throws CacheError `INVALID_OPTION` */
export function serverPlan(dialect: string, options: ServerOptions): ServerPlan {
  const { createSchema = true, sweepEvery = '1m', limits: { connect = '5s', statement = '10s' } = {} } = options
  return {
    table: tableName(dialect, options.table),
    schema: createSchema ? 'create' : 'expect',
    sweepEvery: parsePositiveDuration(sweepEvery, `${dialect}: sweepEvery`),
    limits: {
      connect: parsePositiveDuration(connect, `${dialect}: limits.connect`),
      statement: parsePositiveDuration(statement, `${dialect}: limits.statement`),
    },
  }
}

/** @throws CacheError `INVALID_OPTION` for what is no number of connections */
export function checkPoolSize(dialect: string, poolSize: number): number {
  if (Number.isInteger(poolSize) && poolSize >= 1) return poolSize
  throw invalidOption(`${dialect}: poolSize`, 'a whole number, 1 or more', poolSize)
}

/** @throws CacheError `INVALID_OPTION` unless exactly one of these ways to a database is given */
export function checkOneWay(dialect: string, ways: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(ways).filter((name) => ways[name] !== undefined)
  if (given.length === 1) return
  const names = Object.keys(ways).map((name) => `\`${name}\``)
  throw invalidOption(dialect, `one of ${names.join(', ')}`, given.length === 0 ? 'none' : given.join(' and '))
}
