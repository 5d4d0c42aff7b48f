import { join } from 'node:path'
import { describe, test } from 'vitest'
import { sqlite } from 'tiercel/sqlite'
import { storageConformance, virtualClock } from 'tiercel/testing'
import { openDatabase } from '../../src/storages/sql/sqlite/sqlite-driver.ts'
import { driversHere } from '../storages/drivers.ts'
import { temporaryFolder } from '../storages/folder.ts'

const noFeed = 'SQLite tells other processes nothing'

for (const driver of driversHere) {
  storageConformance(
    {
      name: `sqlite() with ${driver}`,
      open() {
        const folder = temporaryFolder()
        const clock = virtualClock()
        const open = () => sqlite({ path: join(folder.path, 'cache.db'), driver, clock })
        return Promise.resolve({
          storage: open(),
          another: () => Promise.resolve(open()),
          advance: (milliseconds) => clock.advance(milliseconds),
          remove: () => folder.remove(),
        })
      },
      cannot: { feed: noFeed },
    },
    { describe, test },
  )
}

const [driver] = driversHere

storageConformance(
  {
    name: 'sqlite() in memory, on the wall clock',
    open: () => Promise.resolve({ storage: sqlite({ path: ':memory:' }) }),
    cannot: { feed: noFeed, clock: 'nobody turns the wall clock', another: 'its data is nobody else’s' },
  },
  { describe, test },
)

storageConformance(
  {
    name: `sqlite() on a client of ${driver} that is open already`,
    async open() {
      const client = await openDatabase(':memory:', driver)
      const clock = virtualClock()
      return {
        storage: sqlite({ client, clock }),
        another: () => Promise.resolve(sqlite({ client, clock })),
        advance: (milliseconds) => clock.advance(milliseconds),
        remove: () => Promise.resolve(void client.close()),
      }
    },
    cannot: { feed: noFeed },
  },
  { describe, test },
)
