import { describe, test } from 'vitest'
import { redis } from 'tiercel/redis'
import { storageConformance } from 'tiercel/testing'
import { redisDrivers } from '../../src/storages/redis/client-maker.ts'
import { isServerHere, useServer } from '../servers/servers.ts'

// Prefixes may be empty here, so no data of anybody else's must be on the server.
describe.skipIf(!(await isServerHere('redis', { own: true })))('on a Redis server', () => {
  const server = useServer('redis', { own: true })

  for (const driver of redisDrivers) {
    storageConformance(
      {
        name: `redis() with ${driver}`,
        async open() {
          const open = () => redis({ url: server.url, driver })
          const storage = open()
          await storage.clear('')
          return { storage, another: () => Promise.resolve(open()) }
        },
        cannot: { clock: 'nobody turns the clock of a server', feed: 'not yet' },
      },
      { describe, test },
    )
  }
})
