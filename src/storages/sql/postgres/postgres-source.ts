import type { PostgresClient, PostgresPool } from '../../../clients/postgres-client.ts'
import { Semaphore } from '../../../flight/semaphore.ts'
import { CacheError } from '../../../kernel/errors.ts'
import type { ConnectionSource, StatementFault } from '../server/connections.ts'

/** Where a storage gets its connections. */
export type PostgresConnection =
  | {
      /** Of the database: `postgres://user:password@host:5432/name`. Needs the package `pg`. */
      readonly url: string
      /** Connections at most, besides one for the feed while somebody follows it. Default 10. */
      readonly poolSize?: number
      readonly pool?: undefined
      readonly client?: undefined
    }
  | {
      /** A `Pool` of `pg` that the program has made, and ends itself. The feed takes one connection of it for good. */
      readonly pool: PostgresPool
      readonly url?: undefined
      readonly client?: undefined
    }
  | {
      /** A connected `Client` of `pg` that is the program's, and must not be inside a transaction. It has no feed. */
      readonly client: PostgresClient
      readonly url?: undefined
      readonly pool?: undefined
    }

/** A pool of our own. */
interface OwnPool extends PostgresPool {
  end(): Promise<void>
}

type PoolClass = new (options: object) => OwnPool

/**
 * Makes a pool from a URL.
 * @param size connections at most
 * @param connectLimit milliseconds for connecting
 */
export async function poolOf(
  url: string,
  size: number,
  connectLimit: number,
): Promise<ConnectionSource<PostgresClient>> {
  const Pool = await loadPool()
  const pool = new Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: connectLimit,
    // An idle connection must not keep the process alive.
    allowExitOnIdle: true,
    keepAlive: true,
    fallback_application_name: 'tiercel',
  })
  const source = lenderOf(pool)
  return {
    connect: () => source.connect(),
    async end() {
      await pool.end()
      await source.end()
    },
  }
}

/** Connections of a pool that is somebody else's. */
export function lenderOf(pool: PostgresPool): ConnectionSource<PostgresClient> {
  // A connection that breaks while nobody uses it is replaced by the next who does; unheard, it would end the process.
  pool.on('error', ignore)
  return {
    async connect() {
      const client = await pool.connect()
      client.on('error', ignore)
      return {
        client,
        release(state) {
          client.release(state === 'broken')
          client.off('error', ignore)
        },
      }
    },
    end: () => Promise.resolve(void pool.off('error', ignore)),
  }
}

/** One connection that is somebody else's, lent to one of us after the other. */
export function singleSource(client: PostgresClient): ConnectionSource<PostgresClient> {
  const turn = new Semaphore(1)
  client.on('error', ignore)
  return {
    async connect() {
      await turn.acquire()
      return { client, release: () => turn.release() }
    },
    end: () => Promise.resolve(void client.off('error', ignore)),
  }
}

/** What an error of `pg` means for the connection and for the statement. */
export function postgresFault(error: unknown): StatementFault {
  const { code } = error as { code?: unknown }
  // Anything but the five characters of an SQLSTATE comes from the driver or the network.
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || !hasSeverity(error)) return 'broken'
  if (code === '40001' || code === '40P01') return 'conflict'
  // 08: connection exceptions; 57P: the server shuts down, has crashed, or can't be connected to now.
  return code.startsWith('08') || code.startsWith('57P') ? 'broken' : 'refused'
}

function hasSeverity(error: unknown): boolean {
  return typeof (error as { severity?: unknown }).severity === 'string'
}

function ignore(): void {
  // Whoever was waiting for an answer has got the error.
}

/* oxlint-disable typescript/no-unnecessary-type-assertion --
   The words `as string` keep the compiler from looking for types that may not be installed. */
async function loadPool(): Promise<PoolClass> {
  try {
    return ((await import('pg' as string)) as { default: { Pool: PoolClass } }).default.Pool
  } catch (cause) {
    throw new CacheError('UNSUPPORTED', 'postgres: the package `pg` is not installed: `npm install pg`', { cause })
  }
}
