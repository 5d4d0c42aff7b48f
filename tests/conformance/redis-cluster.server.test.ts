import { describe, test } from 'vitest'
import { redisCluster } from 'tiercel/redis'
import { storageConformance } from 'tiercel/testing'
import { redisDrivers } from '../../src/storages/redis/client-maker.ts'
import { isServerHere, useServer } from '../servers/servers.ts'

// Prefixes may be empty here, so no data of anybody else's must be on the cluster.
describe.skipIf(!(await isServerHere('redis-cluster', { own: true })))('on a Redis cluster', () => {
  const cluster = useServer('redis-cluster', { own: true })

  for (const driver of redisDrivers) {
    storageConformance(
      {
        name: `redisCluster() with ${driver}`,
        async open() {
          const open = () => redisCluster({ url: cluster.url, driver })
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
