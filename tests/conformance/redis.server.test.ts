import { createClient } from '@redis/client'
import { Redis } from 'ioredis'
import { describe, test } from 'vitest'
import { redis, type RedisOptions } from 'tiercel/redis'
import { storageConformance } from 'tiercel/testing'
import { isServerHere, useServer } from '../servers/servers.ts'

/** The ways to reach a server, and to be told of its changes. */
const subjects: Readonly<Record<string, (url: string) => RedisOptions>> = {
  'ioredis, tracking': (url) => ({ url, driver: 'ioredis', feed: 'tracking' }),
  '@redis/client, tracking': (url) => ({ url, driver: '@redis/client', feed: 'tracking' }),
  'ioredis, pub/sub': (url) => ({ url, driver: 'ioredis', feed: 'pubsub' }),
  '@redis/client, pub/sub': (url) => ({ url, driver: '@redis/client', feed: 'pubsub' }),
  'a client of ioredis, and three connections': (url) => ({
    client: new Redis(url, { lazyConnect: true }),
    poolSize: 3,
  }),
  'a client of @redis/client, and three connections': (url) => ({ client: createClient({ url }), poolSize: 3 }),
}

// Prefixes may be empty here, so no data of anybody else's must be on the server.
describe.skipIf(!(await isServerHere('redis', { own: true })))('on a Redis server', () => {
  const server = useServer('redis', { own: true })

  for (const [name, optionsFor] of Object.entries(subjects)) {
    storageConformance(
      {
        name: `redis() with ${name}`,
        async open() {
          const open = () => redis(optionsFor(server.url))
          const storage = open()
          await storage.clear('')
          return { storage, another: () => Promise.resolve(open()) }
        },
        cannot: { clock: 'nobody turns the clock of a server' },
      },
      // Others are busy too.
      { describe, test: (title, body) => test(title, body, 30_000) },
    )
  }
})
