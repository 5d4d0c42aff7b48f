import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { createCache, memory } from 'tiercel'
import { memoryScene, operationsOf, outcomeOf, scene, soon, storedIn, wait } from './scene.ts'

const byId = { name: 'n', key: (id: string) => id } as const

describe('close', () => {
  test('lets loads and writes come to their end, then closes the storages', async () => {
    const { cache, clock, shared, server } = scene()
    const node = cache.node({ ...byId, load: (id) => wait(clock, 100).then(() => id) })
    const loading = outcomeOf(clock, node.get('a'))
    await clock.advance(10)
    const closing = outcomeOf(clock, cache.close())
    await clock.advance(500)
    expect(await loading).toEqual({ value: 'a', after: 100 })
    expect(await closing).toEqual({ value: undefined, after: 90 })
    expect(operationsOf(shared)).toEqual(['getMany', 'claimMany', 'fulfilMany', 'close'])
    expect(await storedIn(server, 'tiercel:n:a')).toBe('a')
    // The watch over the time limits of calls runs out when it has nothing to watch.
    await clock.advance(1_000)
    expect(clock.timerCount).toBe(0)
  })

  test('refuses every call from the moment it is called', async () => {
    const { cache, clock } = scene()
    const node = cache.node({ ...byId, load: (id) => id })
    const getting = node.get('a')
    await clock.advance(0)
    await getting
    const closing = cache.close()
    const calls: Promise<unknown>[] = [
      node.get('b'),
      node.getMany(['b']),
      node.set('b', 'b'),
      node.has('b'),
      node.refresh('b'),
      node.invalidate('a'),
      node.expire('a'),
      node.invalidateAll(),
      cache.get('k'),
      cache.set('k', 1),
      cache.getOrLoad('k', () => 1),
      cache.delete('k'),
      cache.clear(),
    ]
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'CLOSED' })
    await clock.advance(0)
    await closing
    await expect(node.get('a')).rejects.toMatchObject({ code: 'CLOSED' })
    await cache.close()
  })

  test('waits no longer than it is told to', async () => {
    const { cache, clock } = scene()
    const node = cache.node({ ...byId, load: () => new Promise<string>(() => {}) })
    void node.get('a').catch(() => {})
    await clock.advance(10)
    const closing = outcomeOf(clock, cache.close({ within: 300 }))
    await clock.advance(300)
    expect(await closing).toEqual({ value: undefined, after: 300 })
  })

  test('what a load brings after that is answered, and kept nowhere', async () => {
    const { cache, clock, local } = memoryScene()
    const node = cache.node({ ...byId, load: (id) => wait(clock, 1_000).then(() => id) })
    const loading = outcomeOf(clock, node.get('a'))
    await clock.advance(10)
    const closing = cache.close({ within: 100 })
    await clock.advance(2_000)
    await closing
    expect(await loading).toEqual({ value: 'a', after: 1_000 })
    expect([...local.keys()]).toEqual([])
    await expect(node.get('a')).rejects.toMatchObject({ code: 'CLOSED' })
  })

  test('what a look brings after that is kept nowhere either', async () => {
    const the = scene()
    const { cache, clock, local, shared } = the
    await soon(clock, the.another().cache.set('k', 1))
    // Read at once, and answered late.
    shared.garble('getMany', (answer) => wait(clock, 500).then(() => answer))
    const looking = outcomeOf(clock, cache.get('k'))
    await clock.advance(10)
    const closing = cache.close({ within: 100 })
    await clock.advance(2_000)
    await closing
    expect(await looking).toEqual({ value: 1, after: 500 })
    expect([...local.keys()]).toEqual([])
  })

  test('leaves alone what others keep in the same memory', async () => {
    const local = memory()
    const [one, other] = ['one', 'other'].map((prefix) => createCache({ prefix, storages: { local } }))
    await one!.set('k', 1)
    await other!.set('k', 2)
    await one!.close()
    expect(await other!.get('k')).toBe(2)
  })

  test('is called by await using', async () => {
    const { cache, shared, clock } = scene()
    await (async () => {
      await using ours = cache
      await ours.set('k', 1)
    })()
    await clock.advance(0)
    expect(shared.calls.at(-1)?.operation).toBe('close')
  })
})

test('idle resolves when loads, writes behind answers and refreshes behind answers have ended', async () => {
  const { cache, clock, shared } = scene({ copyTtl: 3_600_000 })
  shared.slow('fulfilMany', 50)
  let loads = 0
  const node = cache.node({
    ...byId,
    load: () => wait(clock, 100).then(() => ++loads),
    ttl: 1_000,
    staleWhileRevalidate: '1h',
  })
  void node.get('a')
  const first = outcomeOf(clock, cache.idle())
  await clock.advance(500)
  expect(await first).toMatchObject({ after: 150 })
  await clock.advance(1_000)
  expect(await node.get('a')).toBe(1)
  const second = outcomeOf(clock, cache.idle())
  await clock.advance(500)
  expect(await second).toMatchObject({ after: 150 })
  expect(node.peek('a')).toBe(2)
})

describe('AsyncLocalStorage', () => {
  const request = new AsyncLocalStorage<string>()

  test('of one caller is not inherited by a load that is shared', async () => {
    const { cache, clock } = scene()
    const seen: unknown[] = []
    const node = cache.node({
      ...byId,
      load: async (id) => {
        seen.push(request.getStore())
        await wait(clock, 10)
        seen.push(request.getStore())
        return id
      },
    })
    const calls = ['alice', 'bob'].map((user) =>
      request.run(user, async () => {
        const value = await node.get('a')
        return `${value} for ${request.getStore()}`
      }),
    )
    await clock.advance(10)
    expect(await Promise.all(calls)).toEqual(['a for alice', 'a for bob'])
    expect(seen).toEqual([undefined, undefined])
  })

  test('nor by refreshes behind an answer, batches, or a cache that was made within a request', async () => {
    const seen: unknown[] = []
    const clock = memoryScene().clock
    const node = request.run('whoever came first', () =>
      createCache({ clock, storages: { local: memory({ clock }) } }).node({
        ...byId,
        loadMany: (list) => {
          seen.push(request.getStore())
          return list.map((id) => id)
        },
        ttl: 100,
        staleWhileRevalidate: '1h',
        limits: { concurrency: 1 },
      }),
    )
    await request.run('alice', () => node.getMany(['a', 'b']))
    await clock.advance(100)
    await request.run('bob', () => node.get('a'))
    await clock.advance(0)
    await request.run('carol', () => node.refresh('a'))
    expect(seen).toEqual([undefined, undefined, undefined])
  })
})

describe('enabled: false', () => {
  test('goes straight through: nothing is read or written, and invalidations still go out', async () => {
    const { cache, shared } = scene()
    let loads = 0
    const node = cache.node({ ...byId, load: () => ++loads, enabled: false })
    expect([await node.get('a'), await node.get('a'), await node.refresh('a')]).toEqual([1, 2, 3])
    expect(await node.getMany(['a', 'b'])).toEqual([4, 5])
    await node.set('a', 9)
    expect(node.peek('a')).toBeUndefined()
    expect(await node.has('a')).toBe(false)
    expect(operationsOf(shared)).toEqual([])
    await node.invalidate('a')
    expect(operationsOf(shared)).toEqual(['deleteMany'])
  })
})
