import { describe, expect, test } from 'vitest'
import { createCache } from 'tiercel'
import { memoryScene, outcomeOf, scene, soon, storyOf, wait } from './scene.ts'

const byId = { name: 'n', key: (id: string) => id } as const

test('DEFECTS 44: before the first request every rate is 0', () => {
  const cache = createCache()
  const node = cache.node({ ...byId, load: (id) => id })
  expect(node.stats()).toMatchObject({
    requestCount: 0,
    hitRate: 0,
    missRate: 0,
    loadFailureRate: 0,
    averageLoadTime: 0,
    loadLatency: { count: 0, p50: 0, p99: 0 },
    tiers: [{ name: 'local', hitCount: 0, readLatency: { count: 0, p50: 0, p99: 0 } }],
  })
  expect(cache.stats()).toMatchObject({ requestCount: 0, hitRate: 0, missRate: 0 })
})

describe('counters', () => {
  test('every request is a hit or a miss; a waiter is a miss that was coalesced', async () => {
    const { cache, clock } = scene()
    const node = cache.node({
      ...byId,
      load: async (id) => {
        await wait(clock, 10)
        if (id === 'bad') throw new Error('no good')
        return id
      },
    })
    const calls = ['a', 'a', 'a', 'bad', 'bad'].map((id) => outcomeOf(clock, node.get(id)))
    await clock.advance(10)
    await Promise.all(calls)
    await node.get('a')
    expect(node.stats()).toMatchObject({
      requestCount: 6,
      hitCount: 1,
      hitRate: 1 / 6,
      missCount: 5,
      missRate: 5 / 6,
      coalescedCount: 3,
      staleCount: 0,
      loadCount: 2,
      loadSuccessCount: 1,
      loadFailureCount: 1,
      loadFailureRate: 0.5,
      loadLatency: { count: 2 },
    })
    expect(node.stats().averageLoadTime).toBeGreaterThan(0)
    expect(node.stats().totalLoadTime).toBe(2 * node.stats().averageLoadTime)
  })

  test('whoever comes while the value is on its way into the tiers waits for nothing: a hit', async () => {
    const { cache, clock, shared } = scene()
    shared.slow('fulfilMany', 500)
    const node = cache.node({ ...byId, load: (id) => id })
    await soon(clock, node.get('a'))
    expect(await soon(clock, node.get('a'))).toBe('a')
    expect(node.peek('a')).toBe('a')
    expect(node.stats()).toMatchObject({ requestCount: 2, hitCount: 1, missCount: 1, coalescedCount: 0, loadCount: 1 })
  })

  test('a hit is a hit in whatever tier it is, and a miss is counted where it was missed', async () => {
    const the = scene()
    const { clock } = the
    const node = the.cache.node({ ...byId, load: (id) => id })
    await soon(
      clock,
      the
        .another()
        .cache.node({ ...byId, load: (id) => id })
        .get('a'),
    )
    await soon(clock, node.get('a'))
    await soon(clock, node.get('a'))
    await soon(clock, node.get('b'))
    expect(node.stats()).toMatchObject({
      hitCount: 2,
      missCount: 1,
      tiers: [
        { name: 'local', storageType: 'memory', hitCount: 1, missCount: 2, entryCount: 2 },
        { name: 'shared', storageType: 'simple', hitCount: 1, missCount: 1, readLatency: { count: 2 } },
      ],
    })
  })

  test('background refreshes and explicit ones are loads, and no requests', async () => {
    const { cache, clock } = memoryScene()
    let loads = 0
    const node = cache.node({ ...byId, load: () => ++loads, ttl: 100, staleWhileRevalidate: '1h' })
    await soon(clock, node.get('a'))
    await clock.advance(100)
    await soon(clock, node.get('a'))
    await soon(clock, node.refresh('a'))
    expect(node.stats()).toMatchObject({ requestCount: 2, hitCount: 1, missCount: 1, staleCount: 1, loadCount: 3 })
  })

  test('peek is no request; has is one', async () => {
    const { cache, clock } = memoryScene()
    const node = cache.node({ ...byId, load: (id) => id })
    await soon(clock, node.get('a'))
    node.peek('a')
    expect(node.stats().requestCount).toBe(1)
    await node.has('a')
    await soon(clock, node.has('b'))
    expect(node.stats()).toMatchObject({ requestCount: 3, hitCount: 1, missCount: 2, loadCount: 1 })
  })

  test('resetStats starts anew, and only there', async () => {
    const { cache, clock } = scene()
    const node = cache.node({ ...byId, load: (id) => id })
    const other = cache.node({ ...byId, name: 'other', load: (id) => id })
    await soon(clock, Promise.all([node.get('a'), other.get('a')]))
    node.resetStats()
    expect(node.stats()).toMatchObject({
      requestCount: 0,
      loadCount: 0,
      loadLatency: { count: 0 },
      tiers: [{ missCount: 0 }, { missCount: 0, readLatency: { count: 0 } }],
    })
    expect(other.stats().requestCount).toBe(1)
  })

  test('cache.stats() adds up its nodes and the plain entries', async () => {
    const { cache, clock } = scene()
    const node = cache.node({ ...byId, load: (id) => id })
    const square = cache.memoize((n: number) => n * n, { name: 'square' })
    await soon(clock, Promise.all([node.getMany(['a', 'b']), square(2)]))
    await square(2)
    await soon(
      clock,
      cache.getOrLoad('k', () => 1),
    )
    await cache.get('k')
    const stats = cache.stats()
    expect(stats).toMatchObject({
      requestCount: 6,
      hitCount: 2,
      missCount: 4,
      hitRate: 1 / 3,
      loadCount: 4,
      loadFailureCount: 0,
    })
    expect(Object.keys(stats.nodes)).toEqual(['n', 'square'])
    expect(stats.nodes.square).toEqual(square.stats())
    expect(stats.plain).toMatchObject({ requestCount: 2, hitCount: 1 })
    expect(stats.storages).toMatchObject({
      local: { storageType: 'memory', entryCount: 4, evictionCount: { capacity: 0, expired: 0 } },
      shared: { storageType: 'simple' },
    })
  })
})

describe('events', () => {
  test('tell the story of a key', async () => {
    const { cache, clock, shared } = scene({ copyTtl: 1_000 })
    const story = storyOf(cache)
    let isDown = false
    const node = cache.node({
      ...byId,
      load: (id) => {
        if (isDown) throw new Error('down')
        return id
      },
      ttl: 2_000,
      staleIfError: '1h',
    })
    await soon(clock, node.get('a'))
    await node.get('a')
    await clock.advance(1_000)
    await soon(clock, node.get('a'))
    await clock.advance(1_000)
    isDown = true
    await soon(clock, node.get('a'))
    shared.fail('deleteMany', { times: 1 })
    await node.invalidate('a').catch(() => {})
    await node.invalidate('a')
    await soon(clock, outcomeOf(clock, node.get('a')))
    expect(story).toEqual([
      'a: miss',
      'a: load',
      'a: write',
      'a: hit local',
      'a: hit shared',
      'a: miss',
      'a: load failed: down',
      'shared failed: deleteMany',
      'a: miss',
      'a: load failed: down',
    ])
  })

  test('say who, what and how long', async () => {
    const { cache, clock } = scene({ prefix: 'shop' })
    const told: unknown[] = []
    for (const name of ['hit', 'miss', 'load', 'write'] as const)
      cache.on(name, (event) => told.push({ name, ...event }))
    const node = cache.node({ ...byId, load: (id) => id })
    await soon(clock, node.get('a'))
    await node.get('a')
    expect(told).toEqual([
      { name: 'miss', node: 'n', key: 'shop:n:a' },
      { name: 'load', node: 'n', key: 'shop:n:a', duration: expect.any(Number) as number },
      { name: 'write', node: 'n', key: 'shop:n:a' },
      { name: 'hit', node: 'n', key: 'shop:n:a', tier: 'local', stale: false },
    ])
  })

  test('end when the listener has had enough, and one that throws harms nobody', async () => {
    const { cache } = memoryScene()
    const told: string[] = []
    cache.on('miss', () => {
      throw new Error('a listener’s own problem')
    })
    const off = cache.on('miss', ({ key }) => told.push(key))
    const node = cache.node({ ...byId, load: (id) => id })
    expect(await node.get('a')).toBe('a')
    off()
    expect(await node.get('b')).toBe('b')
    expect(told).toEqual(['tiercel:n:a'])
  })
})

test.each(['two tiers', 'memory'])('every change that made entries unusable or stale is told: %s', async (where) => {
  const { cache, clock } = where === 'memory' ? memoryScene() : scene()
  const node = cache.node({ ...byId, load: (id) => id })
  const told: unknown[] = []
  cache.on('invalidate', (event) => told.push(event))
  await soon(clock, node.get('a'))
  await soon(clock, node.invalidate('a'))
  await soon(clock, node.expire('a'))
  await soon(clock, node.invalidateAll())
  await soon(clock, cache.delete('k'))
  await soon(clock, cache.clear())
  expect(told).toEqual([
    { node: 'n', key: 'tiercel:n:a', kind: 'invalidate' },
    { node: 'n', key: 'tiercel:n:a', kind: 'expire' },
    { node: 'n', key: undefined, kind: 'invalidate' },
    { node: '=', key: 'tiercel:=:k', kind: 'invalidate' },
    { node: undefined, key: undefined, kind: 'clear' },
  ])
})

test('a change that a storage refused is not told as done', async () => {
  const { cache, clock, shared } = scene()
  const node = cache.node({ ...byId, load: (id) => id })
  const told: unknown[] = []
  cache.on('invalidate', (event) => told.push(event))
  shared.fail('deleteMany')
  await expect(soon(clock, node.invalidate('a'))).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  expect(told).toEqual([])
})
