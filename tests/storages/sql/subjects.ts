import { createConnection, createPool } from 'mysql2/promise'
import { Client, Pool } from 'pg'
import { mysql } from 'tiercel/mysql'
import { postgres } from 'tiercel/postgres'
import type { Storage } from '../../../src/contracts/storage.ts'
import type { ServerOptions } from '../../../src/storages/sql/server/server-options.ts'

/** A dialect that runs on a server, and how to do things to that server. */
export interface SqlSubject {
  readonly kind: 'postgres' | 'mysql'
  open(url: string, options?: ServerOptions & { readonly poolSize?: number }): Storage
  /** Runs statements on a connection of their own. @returns the rows of the last, as lists of values */
  run(url: string, ...statements: readonly string[]): Promise<unknown[][]>
  /** Cuts every connection but the one that asks. */
  readonly cutAll: readonly string[]
  /** A storage on a pool that counts what is asked of its connections. */
  openCounting(url: string, table: string): Promise<CountedStorage>
  /** Bytes as they stand in a statement. */
  bytes(hex: string): string
  quoted(table: string): string
}

/** A storage whose statements are counted. */
interface CountedStorage {
  readonly storage: Storage
  /** How many statements something takes. */
  during(action: () => Promise<unknown>): Promise<number>
  /** Closes the storage, and ends the pool. */
  end(): Promise<void>
}

function counted(open: (count: () => void) => Storage, end: () => Promise<void>): CountedStorage {
  let statements = 0
  const storage = open(() => statements++)
  return {
    storage,
    async during(action) {
      statements = 0
      await action()
      return statements
    },
    async end() {
      await storage.close()
      await end()
    },
  }
}

export const sqlSubjects: readonly SqlSubject[] = [
  {
    kind: 'postgres',
    open: (url, options) => postgres({ url, ...options }),
    async run(url, ...statements) {
      const client = new Client(url)
      client.on('error', () => undefined)
      await client.connect()
      try {
        let rows: unknown[][] = []
        for (const text of statements) rows = (await client.query<unknown[]>({ text, rowMode: 'array' })).rows
        return rows
      } finally {
        await client.end()
      }
    },
    cutAll: [
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
    ],
    openCounting(url, table) {
      const pool = new Pool({ connectionString: url })
      const open = (count: () => void): Storage => {
        pool.on('connect', (client) => {
          const query = client.query.bind(client) as (...values: unknown[]) => unknown
          Object.assign(client, {
            query(...values: unknown[]) {
              count()
              return query(...values)
            },
          })
        })
        return postgres({ pool, table, feed: 'none' })
      }
      return Promise.resolve(counted(open, () => pool.end()))
    },
    bytes: (hex) => `'\\x${hex}'::bytea`,
    quoted: (table) => `"${table}"`,
  },
  {
    kind: 'mysql',
    open: (url, options) => mysql({ url, ...options }),
    async run(url, ...statements) {
      const connection = await createConnection(url)
      connection.on('error', () => undefined)
      try {
        let rows: unknown[][] = []
        for (const sql of statements) {
          const [found] = await connection.query({ sql, rowsAsArray: true })
          rows = Array.isArray(found) ? (found as unknown[][]) : []
        }
        return rows
      } finally {
        await connection.end()
      }
    },
    cutAll: ["KILL USER 'root'"],
    openCounting(url, table) {
      const pool = createPool(url)
      const open = (count: () => void): Storage => {
        const getConnection = async (): ReturnType<typeof pool.getConnection> => {
          const connection = await pool.getConnection()
          const query = connection.query.bind(connection) as (statement: unknown) => unknown
          return Object.assign(connection, {
            query(statement: unknown) {
              count()
              return query(statement)
            },
          })
        }
        return mysql({ pool: { getConnection }, table })
      }
      return Promise.resolve(counted(open, () => pool.end()))
    },
    bytes: (hex) => `X'${hex}'`,
    quoted: (table) => `\`${table}\``,
  },
]
