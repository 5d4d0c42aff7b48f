import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { afterAll, describe, test } from 'vitest'
import { withBus, type Bus, type Storage } from 'tiercel'
import { postgresBus } from 'tiercel/postgres'
import { redisBus } from 'tiercel/redis'
import { sqlite } from 'tiercel/sqlite'
import { simpleStorage, storageConformance, virtualClock } from 'tiercel/testing'
import { temporaryFolder } from '../storages/folder.ts'
import { isServerHere, useServer } from '../servers/servers.ts'

interface Opened {
  readonly storage: Storage
  another(): Storage
  advance(milliseconds: number): Promise<void>
  remove(): Promise<void>
}

/** Their clocks are turned; the bus lives by the real time. */
const storages: Readonly<Record<string, () => Opened>> = {
  'sqlite()': () => {
    const folder = temporaryFolder()
    const clock = virtualClock()
    const open = (): Storage => sqlite({ path: join(folder.path, 'cache.db'), clock })
    return { storage: open(), another: open, advance: (by) => clock.advance(by), remove: () => folder.remove() }
  },
  'simpleStorage()': () => {
    const clock = virtualClock()
    const storage = simpleStorage({ clock })
    return {
      storage,
      another: () => storage.another(),
      advance: (by) => clock.advance(by),
      remove: () => Promise.resolve(),
    }
  },
}

/** Every instance has a bus of its own, as every process would. */
function busConformance(name: string, storageName: string, busOn: (channel: string) => Bus): void {
  storageConformance(
    {
      name: `withBus(${storageName}, ${name})`,
      open() {
        const channel = `test:${randomUUID()}`
        const opened = storages[storageName]!()
        return Promise.resolve({
          storage: withBus(opened.storage, busOn(channel)),
          another: () => Promise.resolve(withBus(opened.another(), busOn(channel))),
          advance: (milliseconds) => opened.advance(milliseconds),
          remove: () => opened.remove(),
        })
      },
    },
    { describe, test: (title, body) => test(title, body, 30_000) },
  )
}

describe.skipIf(!(await isServerHere('redis')))('over a Redis server', () => {
  const server = useServer('redis')

  busConformance('redisBus() with ioredis', 'sqlite()', (channel) =>
    redisBus({ url: server.url, driver: 'ioredis', channel }),
  )
  busConformance('redisBus() with @redis/client', 'simpleStorage()', (channel) =>
    redisBus({ url: server.url, driver: '@redis/client', channel }),
  )
  busConformance('redisBus() with a client', 'simpleStorage()', (channel) =>
    redisBus({ client: new Redis(server.url, { lazyConnect: true }), channel }),
  )
})

describe.skipIf(!(await isServerHere('postgres')))('over a Postgres server', () => {
  const server = useServer('postgres')
  let pool: Pool | undefined
  afterAll(() => pool?.end())

  busConformance('postgresBus()', 'sqlite()', (channel) => postgresBus({ url: server.url, channel }))
  busConformance('postgresBus() with a pool', 'simpleStorage()', (channel) => {
    pool ??= new Pool({ connectionString: server.url, max: 8, allowExitOnIdle: true })
    return postgresBus({ pool, channel })
  })
})
