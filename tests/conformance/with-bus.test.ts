import { join } from 'node:path'
import { describe, test } from 'vitest'
import { channelBus, memoryBus, withBus, type Bus } from 'tiercel'
import { sqlite } from 'tiercel/sqlite'
import { simpleStorage, storageConformance, virtualClock } from 'tiercel/testing'
import { temporaryFolder } from '../storages/folder.ts'

storageConformance(
  {
    name: 'withBus(simpleStorage(), memoryBus())',
    open() {
      const clock = virtualClock()
      const storage = simpleStorage({ clock })
      const bus = memoryBus()
      return Promise.resolve({
        storage: withBus(storage, bus, { clock }),
        another: () => Promise.resolve(withBus(storage.another(), bus, { clock })),
        advance: (milliseconds) => clock.advance(milliseconds),
      })
    },
  },
  { describe, test },
)

let channels = 0
const buses: Readonly<Record<string, () => Bus>> = {
  memoryBus,
  channelBus: () => channelBus(`conformance:${channels++}`),
}

for (const [name, makeBus] of Object.entries(buses)) {
  storageConformance(
    {
      name: `withBus(sqlite(), ${name}())`,
      open() {
        const folder = temporaryFolder()
        const bus = makeBus()
        const clock = virtualClock()
        const open = () => withBus(sqlite({ path: join(folder.path, 'cache.db'), clock }), bus)
        return Promise.resolve({
          storage: open(),
          another: () => Promise.resolve(open()),
          advance: (milliseconds) => clock.advance(milliseconds),
          remove: () => folder.remove(),
        })
      },
    },
    { describe, test },
  )
}
