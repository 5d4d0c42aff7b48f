// Follows a file's changes over a bus, and changes something; then it has nothing more to do, and closes nothing.
import { createCache, memory, withBus } from '../../../src/doors/index.ts'
import { postgresBus } from '../../../src/storages/sql/postgres/postgres-bus.ts'
import { redisBus } from '../../../src/storages/redis/redis-bus.ts'
import { sqlite } from '../../../src/storages/sql/sqlite/sqlite.ts'
import { say } from './say.ts'

const [path = '', url = ''] = process.argv.slice(2)
const bus = url.startsWith('redis') ? redisBus({ url }) : postgresBus({ url })
const cache = createCache({
  storages: { local: memory(), shared: withBus(sqlite({ path }), bus) },
  tiers: [
    { storage: 'local', ttl: '1h' },
    { storage: 'shared', ttl: '1h' },
  ],
})
await cache.set('a', 1)
await cache.open()
// What follows keeps no process alive, so something else has to until it has begun.
while (cache.sync()['shared']?.state !== 'synchronised') await new Promise((resolve) => setTimeout(resolve, 5))
await cache.delete('a')
say(cache.sync()['shared']?.state ?? '')
