import { randomUUID } from 'node:crypto'
import { createPool as createCallbackPool } from 'mysql2'
import { createPool, type Pool } from 'mysql2/promise'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { mysql } from 'tiercel/mysql'
import { storageConformance, type StorageSubject } from 'tiercel/testing'
import { isServerHere, useServer } from '../servers/servers.ts'

describe.skipIf(!(await isServerHere('mysql')))('on a MySQL or MariaDB server', () => {
  const server = useServer('mysql')
  let pool: Pool
  beforeAll(() => {
    pool = createPool({ uri: server.url, connectionLimit: 3 })
  })
  afterAll(() => pool.end())

  const subject = (name: string, make: (table: string) => ReturnType<typeof mysql>): StorageSubject => ({
    name,
    open() {
      const table = `t_${randomUUID().replaceAll('-', '')}`
      return Promise.resolve({
        storage: make(table),
        another: () => Promise.resolve(mysql({ url: server.url, table, poolSize: 2 })),
        remove: async () => void (await pool.query(`DROP TABLE IF EXISTS ${table}`)),
      })
    },
    cannot: { clock: 'nobody turns the clock of a server', feed: 'these servers have nothing to listen to' },
  })

  storageConformance(
    subject('mysql() with a URL', (table) => mysql({ url: server.url, table })),
    { describe, test },
  )
  storageConformance(
    subject('mysql() with a pool of promises', (table) => mysql({ pool, table })),
    { describe, test },
  )
  describe('with callbacks', () => {
    let callbackPool: ReturnType<typeof createCallbackPool>
    beforeAll(() => {
      callbackPool = createCallbackPool({ uri: server.url, connectionLimit: 3, flags: ['-FOUND_ROWS'] })
    })
    afterAll(() => callbackPool.promise().end())
    storageConformance(
      subject('mysql() with a pool of callbacks, which counts only what changes', (table) =>
        mysql({ pool: callbackPool, table }),
      ),
      { describe, test },
    )
  })
})
