import { describe, test } from 'vitest'
import { redis } from 'tiercel/redis'
import { storageConformance } from 'tiercel/testing'
import { redisDrivers } from '../../src/storages/redis/client-maker.ts'
import { isServerHere, useServer } from '../servers/servers.ts'

const feeds = ['tracking', 'pubsub'] as const

// Prefixes may be empty here, so no data of anybody else's must be on the server.
describe.skipIf(!(await isServerHere('redis', { own: true })))('on a Redis server', () => {
  const server = useServer('redis', { own: true })

  for (const [driver, feed] of redisDrivers.flatMap((one) => feeds.map((way) => [one, way] as const))) {
    storageConformance(
      {
        name: `redis() with ${driver}, ${feed}`,
        async open() {
          const open = () => redis({ url: server.url, driver, feed })
          const storage = open()
          await storage.clear('')
          return { storage, another: () => Promise.resolve(open()) }
        },
        cannot: { clock: 'nobody turns the clock of a server' },
      },
      { describe, test },
    )
  }
})
