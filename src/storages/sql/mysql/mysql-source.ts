import type { MysqlCallbackPool, MysqlConnection, MysqlPool } from '../../../clients/mysql-client.ts'
import { CacheError } from '../../../kernel/errors.ts'
import type { ConnectionSource, StatementFault } from '../server/connections.ts'

/** Where a storage gets its connections. */
export type MysqlDatabase =
  | {
      /** Of the database: `mysql://user:password@host:3306/name`. Needs the package `mysql2`. */
      readonly url: string
      /** Connections at most. Default 10. */
      readonly poolSize?: number
      readonly pool?: undefined
    }
  | {
      /** A pool of `mysql2` or `mysql2/promise` that the program has made, and ends itself. */
      readonly pool: MysqlPool | MysqlCallbackPool
      readonly url?: undefined
    }

/** A pool of our own. */
interface OwnPool extends MysqlPool {
  getConnection(): Promise<OwnConnection>
  end(): Promise<void>
}

type CreatePool = (options: object) => { promise(): OwnPool }

interface OwnConnection extends MysqlConnection {
  readonly connection: { readonly stream: { ref(): void; unref(): void } }
}

/**
 * Makes a pool from a URL.
 * @param size connections at most
 * @param connectLimit milliseconds for connecting
 */
export async function poolOf(
  url: string,
  size: number,
  connectLimit: number,
): Promise<ConnectionSource<MysqlConnection>> {
  const createPool = await loadCreatePool()
  const pool = createPool({
    uri: url.replace(/^mariadb:/, 'mysql:'),
    connectionLimit: size,
    // As many, or a timer would look after the idle ones for as long as the process lives.
    maxIdle: size,
    connectTimeout: connectLimit,
    enableKeepAlive: true,
  }).promise()
  return {
    async connect() {
      const client = await pool.getConnection()
      const { stream } = client.connection
      stream.ref()
      const lent = lend(client)
      return {
        client,
        release(state) {
          // An idle connection must not keep the process alive.
          stream.unref()
          lent.release(state)
        },
      }
    },
    end: () => pool.end(),
  }
}

/** Connections of a pool that is somebody else's. */
export function lenderOf(pool: MysqlPool | MysqlCallbackPool): ConnectionSource<MysqlConnection> {
  const promising = 'promise' in pool ? pool.promise() : pool
  return {
    connect: async () => lend(await promising.getConnection()),
    end: () => Promise.resolve(),
  }
}

function lend(client: MysqlConnection): Awaited<ReturnType<ConnectionSource<MysqlConnection>['connect']>> {
  client.on('error', ignore)
  return {
    client,
    release(state) {
      // What is destroyed may have more to complain of.
      if (state === 'broken') return client.destroy()
      client.off('error', ignore)
      client.release()
    },
  }
}

/** What an error of `mysql2` means for the connection and for the statement. */
export function mysqlFault(error: unknown): StatementFault {
  const { errno, sqlState, fatal } = error as { errno?: unknown; sqlState?: unknown; fatal?: unknown }
  if (typeof sqlState !== 'string' || fatal === true) return 'broken'
  // A deadlock, a lock waited for in vain, and what MariaDB calls a record that has changed since it was read.
  return errno === 1213 || errno === 1205 || errno === 1020 ? 'conflict' : 'refused'
}

function ignore(): void {
  // Whoever was waiting for an answer has got the error.
}

/* oxlint-disable typescript/no-unnecessary-type-assertion --
   The words `as string` keep the compiler from looking for types that may not be installed. */
async function loadCreatePool(): Promise<CreatePool> {
  try {
    return ((await import('mysql2' as string)) as { default: { createPool: CreatePool } }).default.createPool
  } catch (cause) {
    throw new CacheError('UNSUPPORTED', 'mysql: the package `mysql2` is not installed: `npm install mysql2`', { cause })
  }
}
