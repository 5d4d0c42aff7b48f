import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createCache, json, type Leases, memory, type Serializer, type Storage } from 'tiercel'
import { sqlite } from 'tiercel/sqlite'
import { simpleStorage, virtualClock } from 'tiercel/testing'
import { watchedClient } from '../storages/watched-client.ts'

describe('DEFECTS 41: a hit in memory', () => {
  test('serialises nothing, and asks no remote tier', async () => {
    const clock = virtualClock()
    const calls: string[] = []
    const watched: Serializer = {
      name: 'watched',
      encode: (value) => (calls.push('encode'), json().encode(value)),
      decode: (bytes) => (calls.push('decode'), json().decode(bytes)),
    }
    const cache = createCache({ clock, storages: { local: memory({ clock }), shared: simpleStorage({ clock }) } })
    const node = cache.node({ name: 'n', key: (id: string) => id, load: (id) => ({ id }), serializer: watched })
    await node.get('a')
    await cache.idle()
    const value = await node.get('a')
    for (let time = 0; time < 100; time++) {
      expect(await node.get('a')).toBe(value)
      expect(node.peek('a')).toBe(value)
    }
    expect(calls).toEqual(['encode'])
  })

  test('of a cache in memory alone was never serialised at all', async () => {
    const watched: Serializer = {
      name: 'watched',
      encode: () => {
        throw new Error('nobody should ask')
      },
      decode: (bytes) => bytes,
    }
    const cache = createCache({ serializer: watched })
    const node = cache.node({ name: 'n', load: () => 1 })
    await node.get()
    await node.set(undefined, 2)
    expect(await node.get()).toBe(2)
  })

  test('looks at no option: what can be known is known since the definition', async () => {
    const looked: string[] = []
    const watch = <const Options extends object>(options: Options, where: string): Options =>
      new Proxy(options, {
        get(target, property, receiver) {
          looked.push(`${where}.${String(property)}`)
          const value: unknown = Reflect.get(target, property, receiver)
          return value
        },
      })
    const clock = virtualClock()
    const cache = createCache(
      watch({ clock, storages: { local: memory({ clock }), shared: simpleStorage({ clock }) }, ttl: '1h' }, 'cache'),
    )
    const node = cache.node(
      watch(
        {
          name: 'n',
          key: (id: string) => id,
          load: (id: string) => id,
          ttl: '1h',
          tiers: [
            watch({ storage: 'local', ttl: '1m' }, 'tier'),
            watch({ storage: 'shared', timeLimit: '1s' }, 'tier'),
          ],
          limits: watch({ hard: '1s', soft: '100ms', concurrency: 3 }, 'limits'),
          lease: watch({ ttl: '1s' }, 'lease'),
          staleWhileRevalidate: '1m',
        },
        'node',
      ),
    )
    expect(looked.length).toBeGreaterThan(10)
    looked.length = 0
    await node.get('a')
    await cache.idle()
    for (let time = 0; time < 10; time++) await node.get('a')
    await node.set('a', 'b')
    await node.invalidate('a')
    expect(looked).toEqual([])
  })
})

describe('DEFECTS 43: SQLite', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tiercel-features-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  test('writes what a thousand loads bring in few transactions', async () => {
    const client = await watchedClient(join(folder, 'cache.db'))
    await using cache = createCache({ storages: { local: memory(), disk: sqlite({ client }) } })
    const node = cache.node({ name: 'n', key: (id: number) => id, load: (id) => id })
    await node.get(-1)
    await cache.idle()
    client.story.length = 0
    await Promise.all(Array.from({ length: 1_000 }, (_, id) => node.get(id)))
    await cache.idle()
    // Claiming and filling take one for 500 rows, or less where the machine is slow: never one a row.
    const writing = client.story.filter((statement) => statement === 'BEGIN IMMEDIATE').length
    expect(writing).toBeGreaterThanOrEqual(4)
    expect(writing).toBeLessThan(100)
  })

  test('holds up the event loop for no more than moments while 20,000 rows are written', async () => {
    const path = join(folder, 'cache.db')
    const disk = sqlite({ path })
    const leases = disk.capabilities.leases!
    const pauses: number[] = []
    const fulfilMany: Leases['fulfilMany'] = async (items) => {
      let last = performance.now()
      const tick = (): void => {
        pauses.push(performance.now() - last)
        last = performance.now()
      }
      const ticking = setInterval(tick, 1)
      const written = await leases.fulfilMany(items)
      clearInterval(ticking)
      tick()
      return written
    }
    const watched: Storage = { ...disk, capabilities: { ...disk.capabilities, leases: { ...leases, fulfilMany } } }
    await using cache = createCache({
      storages: { local: memory({ maxEntries: 20_000 }), watched },
      tiers: [{ storage: 'local' }, { storage: 'watched', timeLimit: '30s' }],
    })
    const node = cache.node({
      name: 'n',
      key: (id: number) => id,
      loadMany: (list) => list.map((id) => ({ id, text: 'x'.repeat(500) })),
      maxBatch: 20_000,
    })
    const ids = Array.from({ length: 20_000 }, (_, id) => id)
    await node.getMany(ids)
    await cache.idle()

    expect((await disk.getMany(ids.map((id) => `tiercel:n:${id}`))).every((stored) => stored !== undefined)).toBe(true)
    const took = pauses.reduce((sum, pause) => sum + pause, 0)
    // Written in one go, it would be one pause of all that time. What else the machine does may make one of these long.
    expect(pauses.length).toBeGreaterThan(15)
    expect(pauses.filter((pause) => pause > took / 10).length).toBeLessThan(5)
  }, 30_000)

  test('keeps values larger than any column of old', async () => {
    const path = join(folder, 'cache.db')
    const value = { text: 'ü'.repeat(500_000) }
    const write = createCache({ storages: { disk: sqlite({ path }) } })
    await write.set('k', value)
    await write.close()
    await using read = createCache({ storages: { disk: sqlite({ path }) } })
    expect(await read.get('k')).toEqual(value)
  })
})
