import { describe, expect, test, vi } from 'vitest'
import { createCache, memory } from 'tiercel'
import { simpleStorage, virtualClock } from 'tiercel/testing'

test('nodes() and storages() give what there is, by name', () => {
  const [local, shared] = [memory(), simpleStorage()]
  const cache = createCache({ storages: { local, shared } })
  const user = cache.node({ name: 'user', load: () => 1 })
  const quote = cache.memoize(() => 1, { name: 'quote' })
  expect([...cache.nodes()]).toEqual([
    ['user', user],
    ['quote', quote.node],
  ])
  expect([...cache.storages()]).toEqual([
    ['local', local],
    ['shared', shared],
  ])
})

describe('stats()', () => {
  test('DEFECTS 44: before the first request every rate is 0', () => {
    const cache = createCache()
    const user = cache.node({ name: 'user', load: () => 1 })
    expect(cache.stats()).toMatchObject({
      requestCount: 0,
      hitCount: 0,
      hitRate: 0,
      missCount: 0,
      missRate: 0,
      loadCount: 0,
    })
    expect(user.stats()).toMatchObject({
      requestCount: 0,
      hitRate: 0,
      missRate: 0,
      loadFailureRate: 0,
      averageLoadTime: 0,
    })
    for (const [name, number] of Object.entries(user.stats())) {
      if (typeof number === 'number') expect([name, number]).toEqual([name, 0])
    }
  })

  test('is the sum of the nodes, and of what has none', async () => {
    const cache = createCache()
    const user = cache.node({ name: 'user', load: (id: number) => id })
    const broken = cache.node({ name: 'broken', load: () => Promise.reject(new Error('no source')) })
    await user.get(1)
    await user.get(1)
    await user.get(2)
    await broken.get().catch(() => {})
    await cache.get('k')
    await cache.set('k', 'v')
    await cache.get('k')
    await cache.getOrLoad('l', () => 'v')
    const stats = cache.stats()
    expect(stats).toMatchObject({ requestCount: 7, hitCount: 2, missCount: 5, loadCount: 4, loadFailureCount: 1 })
    expect(stats.hitRate).toBeCloseTo(2 / 7)
    expect(stats.missRate).toBeCloseTo(5 / 7)
    expect(Object.keys(stats.nodes)).toEqual(['user', 'broken'])
    expect(stats.nodes['user']).toMatchObject({ requestCount: 3, hitCount: 1, missCount: 2, loadSuccessCount: 2 })
    expect(stats.nodes['broken']).toMatchObject({ requestCount: 1, loadFailureCount: 1, loadFailureRate: 1 })
    expect(stats.plain).toMatchObject({ requestCount: 3, hitCount: 1, missCount: 2, loadCount: 1 })
  })

  test('DEFECTS 46: one who waits for somebody’s load is no hit', async () => {
    const cache = createCache()
    const user = cache.node({ name: 'user', load: () => Promise.resolve(1) })
    await Promise.all([user.get(), user.get(), user.get()])
    expect(user.stats()).toMatchObject({ requestCount: 3, hitCount: 0, missCount: 3, coalescedCount: 2, loadCount: 1 })
  })

  test('says of each storage what is known without asking it', async () => {
    const clock = virtualClock()
    const cache = createCache({
      clock,
      storages: { local: memory({ clock, maxEntries: 2 }), shared: simpleStorage({ clock }) },
    })
    for (const key of ['a', 'b', 'c']) await cache.set(key, key)
    expect(cache.stats().storages).toEqual({
      local: { storageType: 'memory', entryCount: 2, evictionCount: { capacity: 1, expired: 0 } },
      shared: { storageType: 'simple' },
    })
  })

  test('a node counts from nothing again when it is told to', async () => {
    const cache = createCache()
    const user = cache.node({ name: 'user', load: () => 1 })
    await user.get()
    await user.get()
    user.resetStats()
    expect(user.stats()).toMatchObject({ requestCount: 0, hitCount: 0, loadCount: 0, totalLoadTime: 0 })
    expect(user.stats().tiers[0]).toMatchObject({ hitCount: 0, missCount: 0, entryCount: 1 })
    await user.get()
    expect(user.stats()).toMatchObject({ requestCount: 1, hitCount: 1 })
  })
})

describe('on()', () => {
  test('tells what happens, in the order it does', async () => {
    const cache = createCache({ prefix: 'shop' })
    const story: unknown[] = []
    cache.on('hit', ({ node, key, tier, stale }) => story.push(['hit', node, key, tier, stale]))
    cache.on('miss', ({ node, key }) => story.push(['miss', node, key]))
    cache.on('load', ({ node, key, duration }) => story.push(['load', node, key, duration >= 0]))
    cache.on('loadFailure', ({ node, key, error }) => story.push(['loadFailure', node, key, String(error)]))
    const user = cache.node({
      name: 'user',
      key: (id: number) => id,
      load: (id) => {
        if (id < 0) throw new Error('no such user')
        return id
      },
    })
    await user.get(7)
    await user.get(7)
    await user.get(-1).catch(() => {})
    await cache.get('k')
    expect(story).toEqual([
      ['miss', 'user', 'shop:user:7'],
      ['load', 'user', 'shop:user:7', true],
      ['hit', 'user', 'shop:user:7', 'local', false],
      ['miss', 'user', 'shop:user:-1'],
      ['loadFailure', 'user', 'shop:user:-1', 'Error: no such user'],
      ['miss', '=', 'shop:=:k'],
    ])
  })

  test('stops when it is told to', async () => {
    const cache = createCache()
    const listener = vi.fn<() => void>()
    const off = cache.on('miss', listener)
    await cache.get('k')
    off()
    await cache.get('k')
    expect(listener).toHaveBeenCalledOnce()
  })

  test('a listener that throws changes nothing for those who ask', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    try {
      const cache = createCache()
      cache.on('miss', () => {
        throw new Error('no disk left')
      })
      expect(await cache.getOrLoad('k', () => 'v')).toBe('v')
      expect(warned).toHaveBeenCalledOnce()
    } finally {
      warned.mockRestore()
    }
  })
})

describe('with enabled: false', () => {
  test('a node goes straight to its source, and keeps nothing', async () => {
    const storage = simpleStorage()
    const cache = createCache({ storages: { local: memory(), shared: storage } })
    const load = vi.fn<(id: number) => string>((id) => `user ${id}`)
    const user = cache.node({ name: 'user', load, enabled: false })
    await user.set(7, 'set')
    expect([await user.get(7), await user.get(7), await user.refresh(7)]).toEqual(['user 7', 'user 7', 'user 7'])
    expect(await user.getMany([7, 8, 7])).toEqual(['user 7', 'user 8', 'user 7'])
    expect([user.peek(7), await user.has(7)]).toEqual([undefined, false])
    expect(load).toHaveBeenCalledTimes(6)
    expect((await storage.getMany(['tiercel:user:7']))[0]).toBeUndefined()
  })

  test('loadMany is asked where it is all there is', async () => {
    const cache = createCache({ enabled: false })
    const loadMany = vi.fn<(ids: readonly number[]) => Promise<string[]>>((ids) =>
      Promise.resolve(ids.map((id) => `user ${id}`)),
    )
    const user = cache.node({ name: 'user', loadMany })
    expect(await user.get(7)).toBe('user 7')
    expect(await user.getMany([7, 8])).toEqual(['user 7', 'user 8'])
  })

  test('an error of a load reaches its caller', async () => {
    const cache = createCache({ enabled: false })
    const one = cache.node({ name: 'one', load: () => Promise.reject(new Error('no source')) })
    const many = cache.node({ name: 'many', loadMany: () => [new Error('no such user')] })
    await expect(one.get()).rejects.toThrow('no source')
    await expect(many.get()).rejects.toThrow('no such user')
  })

  test('invalidations still go out', async () => {
    const shared = simpleStorage()
    const [on, off] = [true, false].map((enabled) => {
      const cache = createCache({ storages: { shared: shared.another() }, enabled })
      return { cache, user: cache.node({ name: 'user', load: () => 'user' }) }
    })
    await on!.user.get()
    await on!.cache.idle()
    expect(await off!.user.invalidate()).toMatchObject({ existed: true })
    expect(await on!.user.has()).toBe(false)
  })

  test('a node may be enabled where its cache is not', async () => {
    const cache = createCache({ enabled: false })
    const user = cache.node({ name: 'user', load: () => 'user', enabled: true })
    await user.get()
    expect(user.peek()).toBe('user')
  })
})
