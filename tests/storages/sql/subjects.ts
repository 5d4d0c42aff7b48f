import { Client } from 'pg'
import { createConnection } from 'mysql2/promise'
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
  /** Kills whatever holds a lock of this table name, as text of a literal of bytes. */
  bytes(hex: string): string
  quoted(table: string): string
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
    bytes: (hex) => `X'${hex}'`,
    quoted: (table) => `\`${table}\``,
  },
]
