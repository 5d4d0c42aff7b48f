import { randomUUID } from 'node:crypto'
import { Client, Pool } from 'pg'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { postgres } from 'tiercel/postgres'
import { storageConformance, type StorageSubject } from 'tiercel/testing'
import { isServerHere, useServer } from '../servers/servers.ts'

const noClock = 'nobody turns the clock of a server'

describe.skipIf(!(await isServerHere('postgres')))('on a Postgres server', () => {
  const server = useServer('postgres')
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ connectionString: server.url, max: 3 })
  })
  afterAll(() => pool.end())

  const subject = (name: string, make: (table: string) => Promise<Made>): StorageSubject => ({
    name,
    async open() {
      const table = `t_${randomUUID().replaceAll('-', '')}`
      const { storage, end } = await make(table)
      return {
        storage,
        another: () => Promise.resolve(postgres({ url: server.url, table, poolSize: 2 })),
        async remove() {
          await end?.()
          await pool.query(`DROP TABLE IF EXISTS "${table}"`)
        },
      }
    },
    cannot: { clock: noClock },
  })

  storageConformance(
    subject('postgres() with a URL', (table) => Promise.resolve({ storage: postgres({ url: server.url, table }) })),
    { describe, test },
  )
  storageConformance(
    subject('postgres() with a pool, prepared', (table) =>
      Promise.resolve({ storage: postgres({ pool, table, statements: 'prepared' }) }),
    ),
    { describe, test },
  )
  const withClient = subject('postgres() with a client, unlogged', async (table) => {
    const client = new Client(server.url)
    await client.connect()
    return { storage: postgres({ client, table, durability: 'unlogged' }), end: () => client.end() }
  })
  storageConformance(
    { ...withClient, cannot: { clock: noClock, feed: 'a connection that breaks could not be taken up again' } },
    { describe, test },
  )
})

interface Made {
  readonly storage: ReturnType<typeof postgres>
  end?(): Promise<void>
}
