import { expect, test, describe } from 'vitest'
import { CacheError, createCache, defineScopes, type Duration, memory, nullStorage } from 'tiercel'
import { simpleStorage, virtualClock } from 'tiercel/testing'
import { countingSource, type ReachPlace, reachPlaces, reachScene } from './reach-scenes.ts'
import { operationsOf, soon, storyOf } from './scene.ts'

interface User {
  readonly id: number
  readonly team: number
  readonly load: number
}

const places = reachPlaces.map((place) => [place] as const)
const remote = places.filter(([place]) => place !== 'memory')

/** Users with a tag that is always there, one from the params, and one from the result. */
function users(place: ReachPlace, terms: { readonly staleWhileRevalidate?: Duration } = {}) {
  const scene = reachScene(place)
  const source = countingSource()
  const define = (cache: typeof scene.cache) =>
    cache.node({
      name: 'user',
      key: (params: { id: number }) => params.id,
      load: async ({ id }): Promise<User> => ({ id, team: id % 10, load: await source.load() }),
      tags: ({ id }, user) => ['users', `user:${id}`, `team:${user.team}`],
      ttl: '1m',
      ...terms,
    })
  return { ...scene, source, user: define(scene.cache), define }
}

describe.each(places)('tags, in %s', (place) => {
  test.each(['users', 'user:7', 'team:7'])(
    'an invalidation of %s makes the entry unusable, here and elsewhere',
    async (tag) => {
      const { clock, cache, user, define, another } = users(place)
      const other = place === 'memory' ? user : define(another())
      await soon(clock, user.get({ id: 7 }))
      await soon(clock, other.get({ id: 7 }))
      await clock.advance(0)
      await soon(clock, cache.invalidate({ tags: [tag] }))
      expect(user.peek({ id: 7 })).toBeUndefined()
      expect(await soon(clock, user.has({ id: 7 }))).toBe(false)
      const fresh = await soon(clock, user.get({ id: 7 }))
      expect(fresh.load).toBeGreaterThan(1)
      await clock.advance(31_000)
      expect(await soon(clock, other.get({ id: 7 }))).toEqual(fresh)
    },
  )

  test('an invalidation of another tag does not touch the entry', async () => {
    const { clock, cache, user, source } = users(place)
    await soon(clock, user.get({ id: 7 }))
    await clock.advance(0)
    await soon(clock, cache.invalidate({ tags: ['team:8', 'user:17', 'user', 'users:7'] }))
    expect((await soon(clock, user.get({ id: 7 }))).load).toBe(1)
    expect(source.count()).toBe(1)
  })

  test('any of its tags reaches an entry, and of many entries those that carry it', async () => {
    const { clock, cache, user } = users(place)
    const ids = [1, 2, 11, 12].map((id) => ({ id }))
    await soon(clock, user.getMany(ids))
    await clock.advance(0)
    await soon(clock, cache.invalidate({ tags: ['team:1'] }))
    const again = await soon(clock, user.getMany(ids))
    expect(again.map(({ id, load }) => [id, load > 4])).toEqual([
      [1, true],
      [2, false],
      [11, true],
      [12, false],
    ])
  })

  test('DEFECTS 10: a load overtaken by an invalidation of its tag answers its caller and writes nothing', async () => {
    for (const tag of ['users', 'user:7', 'team:7']) {
      const { clock, cache, user, source } = users(place)
      const letGo = source.hold()
      const early = user.get({ id: 7 })
      await clock.advance(0)
      expect(source.count()).toBe(1)
      await soon(clock, cache.invalidate({ tags: [tag] }))
      letGo()
      expect((await soon(clock, early)).load, tag).toBe(1)
      await clock.advance(0)
      expect((await soon(clock, user.get({ id: 7 }))).load, tag).toBe(2)
      expect(user.stats().refusedWriteCount, tag).toBe(1)
    }
  })

  test('a caller after the invalidation does not join a load from before it', async () => {
    const { clock, cache, user, source } = users(place)
    const letGo = source.hold()
    const early = user.get({ id: 7 })
    await clock.advance(0)
    await soon(clock, cache.invalidate({ tags: ['user:7'] }))
    // Its lease may still be that of the first.
    const late = user.get({ id: 7 })
    letGo()
    await clock.advance(100)
    expect((await early).load).toBe(1)
    expect((await late).load).toBe(2)
  })

  test('nor one whose tags are known before the load, or whose scope was invalidated', async () => {
    const scene = reachScene(place, { scopes: defineScopes({ half: { param: 'half' } }) })
    const { clock, cache } = scene
    const source = countingSource()
    const key = (params: { half: number }) => params.half
    const { load } = source
    const nodes = [
      cache.node({ name: 'a', key, load, tags: ['t'] }),
      cache.node({ name: 'b', key, load, tags: ({ half }) => [`t${half}`] }),
      cache.node({ name: 'c', key, load, scope: 'half' }),
    ]
    for (const node of nodes) {
      const letGo = source.hold()
      const early = node.get({ half: 1 })
      await clock.advance(0)
      await soon(clock, cache.invalidate({ tags: ['t', 't1'], scope: { half: 1 } }))
      const late = node.get({ half: 1 })
      letGo()
      await clock.advance(100)
      expect(await late, node.name).toBe((await early) + 1)
      expect(node.stats().refusedWrites.fence, node.name).toBe(1)
    }
  })

  test('DEFECTS 11, 14: what is invalid is not served when the load fails; what is stale may be', async () => {
    const scene = reachScene(place)
    const { clock, cache } = scene
    let fails = false
    const node = cache.node({
      name: 'n',
      load: async (id: string) => {
        if (fails) throw new Error('source down')
        return id
      },
      tags: ['t'],
      staleIfError: '1h',
      staleWhileRevalidate: 0,
    })
    await soon(clock, node.get('a'))
    await clock.advance(0)
    fails = true
    await soon(clock, cache.expire({ tags: ['t'] }))
    expect(await soon(clock, node.get('a'))).toBe('a')
    await clock.advance(0)
    await soon(clock, cache.invalidate({ tags: ['t'] }))
    await expect(soon(clock, node.get('a'))).rejects.toThrow('source down')
    await expect(soon(clock, node.get('a'))).rejects.toThrow('source down')
  })

  test('what was made stale is served while one caller reloads, and no longer than its window', async () => {
    const { clock, cache, user } = users(place, { staleWhileRevalidate: '10s' })
    for (const tag of ['users', 'user:7', 'team:7']) {
      const before = await soon(clock, user.get({ id: 7 }))
      await clock.advance(0)
      await soon(clock, cache.expire({ tags: [tag] }))
      expect(await soon(clock, user.get({ id: 7 })), tag).toEqual(before)
      await clock.advance(0)
      const reloaded = await soon(clock, user.get({ id: 7 }))
      expect(reloaded.load, tag).toBe(before.load + 1)
      await clock.advance(0)
    }
    const before = await soon(clock, user.get({ id: 7 }))
    await soon(clock, cache.expire({ tags: ['users'] }))
    await clock.advance(10_001)
    expect((await soon(clock, user.get({ id: 7 }))).load).toBe(before.load + 1)
  })

  test('peek sees what an invalidation has done at once', async () => {
    const { clock, cache, user } = users(place, { staleWhileRevalidate: '10s' })
    await soon(clock, user.get({ id: 7 }))
    await clock.advance(0)
    const there = place === 'a shared storage' ? undefined : { id: 7, team: 7, load: 1 }
    expect(user.peek({ id: 7 })).toEqual(there)
    const expiring = cache.expire({ tags: ['users'] })
    expect(user.peek({ id: 7 })).toEqual(there)
    await soon(clock, expiring)
    const invalidating = cache.invalidate({ tags: ['users'] })
    expect(user.peek({ id: 7 })).toBeUndefined()
    await soon(clock, invalidating)
  })

  test('a set carries tags like a load; one overtaken by an invalidation leaves nothing', async () => {
    const { clock, cache, user } = users(place)
    const mine = { id: 7, team: 3, load: 0 }
    await soon(clock, user.set({ id: 7 }, mine))
    expect(await soon(clock, user.get({ id: 7 }))).toEqual(mine)
    await soon(clock, cache.invalidate({ tags: ['team:7'] }))
    expect(await soon(clock, user.get({ id: 7 }))).toEqual(mine)
    await soon(clock, cache.invalidate({ tags: ['team:3'] }))
    expect((await soon(clock, user.get({ id: 7 }))).load).toBe(1)
    await clock.advance(0)

    await soon(clock, Promise.all([user.set({ id: 7 }, mine), cache.invalidate({ tags: ['users'] })]))
    expect(await soon(clock, user.has({ id: 7 }))).toBe(false)
    await soon(clock, Promise.all([cache.invalidate({ tags: ['users'] }), user.set({ id: 7 }, mine)]))
    expect(await soon(clock, user.get({ id: 7 }))).toEqual(mine)
  })

  test('entries without a node have the tags that their call gives', async () => {
    const { clock, cache } = reachScene(place)
    let rate = 1
    const rates = () =>
      soon(
        clock,
        cache.getOrLoad('rates', () => rate++, { tags: ['fx'] }),
      )
    expect(await rates()).toBe(1)
    await clock.advance(0)
    expect(await soon(clock, cache.get('rates'))).toBe(1)
    await soon(clock, cache.invalidate({ tags: ['fx'] }))
    expect(await soon(clock, cache.get('rates'))).toBeUndefined()
    expect(await rates()).toBe(2)
    await soon(clock, cache.set('k', 'v', { tags: ['a', 'b'] }))
    expect(await soon(clock, cache.get('k'))).toBe('v')
    await soon(clock, cache.invalidate({ tags: ['b'] }))
    expect(await soon(clock, cache.has('k'))).toBe(false)
  })

  test('memoized functions have tags from arguments and result', async () => {
    const { clock, cache } = reachScene(place)
    let calls = 0
    const add = cache.memoize(async (a: number, b: number) => ({ sum: a + b, call: ++calls }), {
      name: 'add',
      tags: ([a], { sum }) => [`a:${a}`, `sum:${sum}`],
    })
    for (const tag of ['a:2', 'sum:5']) {
      await soon(clock, add(2, 3))
      await clock.advance(0)
      await soon(clock, cache.invalidate({ tags: [tag] }))
      expect(await soon(clock, add.has(2, 3))).toBe(false)
    }
  })

  test('a tag is any text, and no two are one', async () => {
    const { clock, cache } = reachScene(place)
    const tags = [
      'a',
      'A',
      'a:b',
      'a%3Ab',
      'a b',
      'ä',
      'a\u0308',
      '#a',
      '=a',
      '!',
      '*',
      '\0',
      '💥',
      'x'.repeat(256),
      `${'x'.repeat(255)}y`,
      '東'.repeat(256),
    ]
    for (const tag of tags) await soon(clock, cache.set(`of ${tag}`, tag, { tags: [tag] }))
    for (const [index, tag] of tags.entries()) {
      await soon(clock, cache.invalidate({ tags: [tag] }))
      const left = await Promise.all(tags.map((other) => soon(clock, cache.has(`of ${other}`))))
      expect(left, tag.slice(0, 10)).toEqual(tags.map((_, place) => place > index))
    }
  })

  test('DEFECTS 15: a tag that is named twice is one tag, and hits', async () => {
    const { clock, cache } = reachScene(place)
    const source = countingSource()
    const node = cache.node({ name: 'n', load: source.load, tags: ['t', 't', 'u', 't'] })
    await soon(clock, node.get())
    await clock.advance(0)
    await soon(clock, node.get())
    expect(source.count()).toBe(1)
    expect(await soon(clock, cache.invalidate({ tags: ['t', 't'] }))).toMatchObject({ entryCount: 0, labelCount: 1 })
    expect(await soon(clock, node.has())).toBe(false)
  })

  test('tags that make no sense are refused: at definition, by the call', async () => {
    const { clock, cache } = reachScene(place)
    const nonsense: unknown[] = [
      't',
      [''],
      [7],
      ['x'.repeat(257)],
      Array.from({ length: 129 }, (_, index) => `t${index}`),
    ]
    for (const [index, tags] of nonsense.entries()) {
      const options = { name: `n${index}`, load: () => 1, tags: tags as string[] }
      expect(() => cache.node(options)).toThrow(CacheError)
      await expect(soon(clock, cache.set('k', 1, { tags: tags as string[] }))).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      })
    }
  })

  test('a value whose tags can not be told is answered, and not kept', async () => {
    const { clock, cache } = reachScene(place)
    const node = cache.node({
      name: 'n',
      load: () => 1,
      tags: (_: void, value) => {
        if (value === 1) throw new Error('no idea')
        return []
      },
    })
    expect(await soon(clock, node.get())).toBe(1)
    await clock.advance(0)
    expect(await soon(clock, node.has())).toBe(false)
    expect(node.stats().failedWriteCount).toBe(1)
  })

  test('an error that was remembered is forgotten with an invalidation', async () => {
    const { clock, cache } = reachScene(place)
    const source = countingSource()
    const node = cache.node({
      name: 'n',
      load: async () => {
        if ((await source.load()) === 1) throw new Error('first')
        return 'second'
      },
      tags: ['t'],
      errorTtl: '1m',
    })
    await expect(soon(clock, node.get())).rejects.toThrow('first')
    await expect(soon(clock, node.get())).rejects.toThrow('first')
    await soon(clock, cache.invalidate({ tags: ['t'] }))
    expect(await soon(clock, node.get())).toBe('second')
  })
})

describe.each(remote)('tags and their markers, in %s', (place) => {
  test('DEFECTS 12: an entry whose marker is gone is a miss', async () => {
    const { clock, server, cache, define, another, user } = users(place)
    await soon(clock, user.get({ id: 7 }))
    await clock.advance(0)
    for (const tag of ['users', 'user:7', 'team:7'].map((name) => `tiercel:#=${name.replace(':', '%3A')}`)) {
      expect(await server?.deleteMany([tag]), tag).toBe(1)
      const stranger = define(another())
      expect(await soon(clock, stranger.has({ id: 7 })), tag).toBe(false)
      // Whoever comes next makes it anew.
      const { load } = await soon(clock, stranger.get({ id: 7 }))
      await clock.advance(0)
      expect((await soon(clock, define(another()).get({ id: 7 }))).load).toBe(load)
    }
    expect(cache.stats().nodes['user']?.loadCount).toBe(1)
  })

  test('DEFECTS 10: a load overtaken by an invalidation in another process writes nothing that counts', async () => {
    for (const tag of ['users', 'user:7', 'team:7']) {
      const { clock, user, source, another, define } = users(place)
      const otherCache = another()
      const other = define(otherCache)
      const letGo = source.hold()
      const early = user.get({ id: 7 })
      await clock.advance(0)
      await soon(clock, otherCache.invalidate({ tags: [tag] }))
      letGo()
      expect((await soon(clock, early)).load, tag).toBe(1)
      await clock.advance(0)
      expect((await soon(clock, other.get({ id: 7 }))).load, tag).toBe(2)
    }
  })

  test('a result tag is read after the load; only where it was not seen before, the generation is too', async () => {
    const { clock, user, shared } = users(place)
    await soon(clock, user.get({ id: 7 }))
    await clock.advance(0)
    expect(operationsOf(shared!)).toEqual(['getMany', 'claimMany', 'ensureMany', 'ensureMany', 'getMany', 'fulfilMany'])
    await soon(clock, user.invalidate({ id: 7 }))
    operationsOf(shared!)
    await soon(clock, user.get({ id: 7 }))
    await clock.advance(0)
    expect(operationsOf(shared!)).toEqual(['getMany', 'claimMany', 'ensureMany', 'fulfilMany'])
    expect(user.stats().refusedWriteCount).toBe(0)
  })

  test('a load whose result tags nobody knew writes only if no tag at all was invalidated meanwhile', async () => {
    const { clock, user, source, another } = users(place)
    const letGo = source.hold()
    const early = user.get({ id: 7 })
    await clock.advance(0)
    await soon(clock, another().invalidate({ tags: ['anything'] }))
    letGo()
    expect((await soon(clock, early)).load).toBe(1)
    await clock.advance(0)
    expect(user.stats().refusedWrites).toEqual({ fence: 0, lease: 0, tag: 1 })
    expect(await soon(clock, user.has({ id: 7 }))).toBe(false)
  })

  test('DEFECTS 15: processes that make a missing marker at once make one', async () => {
    const { clock, another, define } = users(place)
    const nodes = Array.from({ length: 5 }, () => define(another()))
    const loaded = await soon(clock, Promise.all(nodes.map((node, id) => node.get({ id }))))
    await clock.advance(100)
    expect(new Set(loaded.map(({ load }) => load))).toEqual(new Set([1, 2, 3, 4, 5]))
    const reader = define(another())
    const found = await soon(clock, reader.getMany(nodes.map((_, id) => ({ id }))))
    expect(new Set(found.map(({ load }) => load))).toEqual(new Set([1, 2, 3, 4, 5]))
  })

  test('DEFECTS 18: a hundred invalidations of one tagged entry leave as many keys as one', async () => {
    const { clock, cache, user, server } = users(place)
    const count = async (): Promise<number> => {
      let keys = 0
      for await (const page of server!.capabilities.scan.keys('')) keys += page.length
      return keys
    }
    await soon(clock, user.get({ id: 7 }))
    await clock.advance(0)
    const before = await count()
    for (let time = 0; time < 100; time++) {
      await soon(clock, cache.invalidate({ tags: ['user:7'] }))
      await soon(clock, user.get({ id: 7 }))
      await clock.advance(0)
    }
    expect(await count()).toBeLessThanOrEqual(before)
    // And all of them end.
    await clock.advance(3 * 24 * 3_600_000)
    expect(await count()).toBe(0)
  })

  test('a marker lives as long as the longest entry under it', async () => {
    const { clock, cache, server } = reachScene(place)
    const source = countingSource()
    const short = cache.node({ name: 'short', load: source.load, tags: ['t'], ttl: '1m' })
    const long = cache.node({ name: 'long', load: source.load, tags: ['t'], ttl: '30d' })
    const told = cache.node({ name: 'told', load: source.load, tags: ['t'], ttl: () => '90d' })
    const expectUntil = async (days: number): Promise<void> => {
      const [marker] = (await server?.getMany(['tiercel:#=t'])) ?? []
      expect(marker !== undefined, `after ${days} days`).toBe(true)
    }
    await soon(clock, short.get())
    await soon(clock, long.get())
    await soon(clock, short.get())
    await clock.advance(29 * 24 * 3_600_000)
    await expectUntil(29)
    expect(await soon(clock, long.get())).toBe(2)
    await soon(clock, told.get())
    await clock.advance(0)
    await clock.advance(89 * 24 * 3_600_000)
    await expectUntil(89)
    expect(await soon(clock, told.get())).toBe(3)
  })

  test('DEFECTS 39: twenty tags take no command more than none, and none at all in memory', async () => {
    const { clock, cache, another, shared } = reachScene(place)
    const tags = Array.from({ length: 20 }, (_, index) => `tag ${index}`)
    const define = (given: typeof cache, name: string, own: readonly string[]) =>
      given.node({ name, load: (id: number) => id, tags: own, ttl: '1h' })
    const writer = another()
    await soon(clock, define(writer, 'plain', []).get(1))
    await soon(clock, define(writer, 'tagged', tags).get(1))
    await clock.advance(0)
    for (const node of [define(cache, 'plain', []), define(cache, 'tagged', tags)]) {
      await soon(clock, cache.has('opened'))
      operationsOf(shared!)
      expect(await soon(clock, node.get(1))).toBe(1)
      expect(operationsOf(shared!), node.name).toEqual(['getMany'])
      expect(await soon(clock, node.get(1))).toBe(1)
      expect(operationsOf(shared!), node.name).toEqual(place === 'a shared storage' ? ['getMany'] : [])
    }
  })

  test('a cold miss takes one command more, once; then none', async () => {
    const { clock, cache, shared } = reachScene(place)
    const node = cache.node({ name: 'n', load: (id: number) => id, tags: ['a', 'b', 'c'], ttl: '1h' })
    await soon(clock, node.get(1))
    await clock.advance(0)
    expect(operationsOf(shared!)).toEqual(['getMany', 'claimMany', 'ensureMany', 'fulfilMany'])
    await soon(clock, node.getMany([2, 3, 4]))
    await clock.advance(0)
    expect(operationsOf(shared!).slice(0, 2)).toEqual(['getMany', 'claimMany'])
    await soon(clock, node.get(5))
    await clock.advance(0)
    expect(operationsOf(shared!).filter((operation) => operation === 'ensureMany')).toEqual([])
  })

  test('an invalidation takes two commands, however much carries the tag, and one where it is made stale or a scope', async () => {
    const { clock, cache, user, shared } = users(place)
    await soon(clock, user.getMany(Array.from({ length: 1_000 }, (_, id) => ({ id }))))
    await clock.advance(0)
    operationsOf(shared!)
    await soon(clock, cache.invalidate({ tags: ['users', 'team:1', 'team:2'] }))
    expect(operationsOf(shared!)).toEqual(['changeMany', 'changeMany'])
  })

  test('an invalidation reaches storages that no node here uses', async () => {
    const clock = virtualClock()
    const [first, second] = [simpleStorage({ clock }), simpleStorage({ clock })]
    const open = () =>
      createCache({
        clock,
        storages: { local: memory({ clock }), first: first.another(), second: second.another() },
        tiers: [{ storage: 'first' }],
      })
    const [here, there] = [open(), open()]
    const source = countingSource()
    const node = there.node({ name: 'n', load: source.load, tags: ['t'], tiers: [{ storage: 'second' }] })
    await soon(clock, node.get())
    await clock.advance(0)
    await soon(clock, here.invalidate({ tags: ['t'] }))
    expect(await soon(clock, node.get())).toBe(2)
  })

  test('an invalidation that a storage does not take rejects, and holds in this process', async () => {
    const { clock, cache, user, shared } = users(place)
    await soon(clock, user.get({ id: 7 }))
    await clock.advance(0)
    shared!.fail('changeMany')
    await expect(soon(clock, cache.invalidate({ tags: ['users'] }))).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    })
    expect(user.peek({ id: 7 })).toBeUndefined()
    shared!.heal()
    shared!.hang('changeMany')
    const hanging = cache.invalidate({ tags: ['users'] })
    hanging.catch(() => {})
    await clock.advance(1_000)
    await expect(hanging).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    shared!.heal()
  })

  test('what is read while an invalidation is under way is of no use once it has been carried out', async () => {
    const { clock, cache, user, shared } = users(place)
    await soon(clock, user.get({ id: 7 }))
    await clock.advance(0)
    shared!.slow('changeMany', 50)
    const invalidating = cache.invalidate({ tags: ['users'] })
    // The storage doesn't know of it yet.
    expect((await soon(clock, user.get({ id: 7 }))).load).toBe(1)
    await clock.advance(100)
    await invalidating
    expect(user.peek({ id: 7 })).toBeUndefined()
    expect((await soon(clock, user.get({ id: 7 }))).load).toBe(2)
  })

  test('a set that waits its turn is overtaken by an invalidation that is called meanwhile', async () => {
    const { clock, cache, user, shared } = users(place)
    shared!.slow('deleteMany', 50)
    const first = user.invalidate({ id: 7 })
    const set = user.set({ id: 7 }, { id: 7, team: 7, load: 0 })
    await soon(clock, cache.invalidate({ tags: ['team:7'] }))
    await clock.advance(200)
    await Promise.all([first, set])
    expect(await soon(clock, user.has({ id: 7 }))).toBe(false)
  })

  test('DEFECTS 14: nor is it served when a load fails that began before somebody else invalidated it', async () => {
    const { clock, cache, another } = reachScene(place)
    const source = countingSource()
    let fails = false
    const node = cache.node({
      name: 'n',
      load: async (id: string) => {
        const count = await source.load()
        if (fails) throw new Error('source down')
        return `${id} ${count}`
      },
      tags: ['t'],
      ttl: '1m',
      staleIfError: '1h',
    })
    await soon(clock, node.get('a'))
    await clock.advance(120_000)
    fails = true
    const letGo = source.hold()
    const early = node.get('a')
    early.catch(() => {})
    await clock.advance(0)
    await soon(clock, another().invalidate({ tags: ['t'] }))
    // By the way, this process learns of it.
    node.get('b').catch(() => {})
    await clock.advance(0)
    letGo()
    await expect(soon(clock, early)).rejects.toThrow('source down')
  })

  test('while the authority is down values are loaded, and kept for a moment with their tags', async () => {
    const { clock, cache, user, shared } = users(place)
    await soon(clock, user.get({ id: 7 }))
    await clock.advance(60_000)
    for (const operation of ['getMany', 'claimMany', 'ensureMany', 'changeMany'] as const) shared!.fail(operation)
    expect((await soon(clock, user.get({ id: 7 }))).load).toBe(2)
    await clock.advance(0)
    cache.invalidate({ tags: ['team:7'] }).catch(() => {})
    expect(user.peek({ id: 7 })).toBeUndefined()
    expect((await soon(clock, user.get({ id: 7 }))).load).toBe(3)
    shared!.heal()
  })

  test('what somebody else put under the key of a marker is replaced, and crashes nobody', async () => {
    const { clock, cache, server } = reachScene(place)
    const node = cache.node({ name: 'n', load: () => 1, tags: ['t'] })
    const junk = new Uint8Array([1, 2, 3])
    await server?.setMany([{ key: 'tiercel:#=t', header: junk, payload: junk }])
    for (let time = 0; time < 3; time++) {
      expect(await soon(clock, node.get())).toBe(1)
      await clock.advance(0)
    }
    expect(await soon(clock, node.has())).toBe(true)
    expect(node.stats().loadCount).toBe(2)
  })

  test('an entry from a program that gave it other tags is a miss', async () => {
    const { clock, cache, another } = reachScene(place)
    const source = countingSource()
    const before = another().node({ name: 'n', load: source.load, tags: ['a'] })
    const after = cache.node({ name: 'n', load: source.load, tags: ['a', 'b'] })
    const none = another().node({ name: 'n', load: source.load })
    await soon(clock, before.get())
    await clock.advance(0)
    expect(await soon(clock, after.get())).toBe(2)
    await clock.advance(0)
    expect(await soon(clock, none.get())).toBe(3)
    expect(after.stats().invalidEntryCount).toBe(1)
  })

  test('DEFECTS 23: a tag and an entry never share a key', async () => {
    const { clock, cache } = reachScene(place)
    await soon(clock, cache.set('=t', 'mine', { tags: ['t'] }))
    await soon(clock, cache.set('#=t', 'too'))
    const node = cache.node({ name: '#=t', load: () => 'node', tags: ['t'] })
    await soon(clock, node.get())
    await clock.advance(0)
    await soon(clock, cache.invalidate({ tags: ['t'] }))
    expect(await soon(clock, cache.get('=t'))).toBeUndefined()
    expect(await soon(clock, cache.get('#=t'))).toBe('too')
    expect(await soon(clock, node.has())).toBe(false)
  })

  test('the story of an invalid entry is told', async () => {
    const { clock, cache, user, another } = users(place)
    const story = storyOf(cache)
    cache.on('invalid', ({ key, tier }) => story.push(`${key.slice(-1)}: invalid in ${tier}`))
    await soon(clock, user.get({ id: 7 }))
    await clock.advance(0)
    await soon(clock, another().invalidate({ tags: ['users'] }))
    await clock.advance(31_000)
    story.splice(0)
    await soon(clock, user.get({ id: 7 }))
    await clock.advance(0)
    expect(story).toEqual(['7: invalid in shared', '7: miss', '7: load', '7: write'])
    expect(user.stats().invalidEntryCount).toBe(1)
  })
})

test('a storage that keeps no markers refuses tags when they are defined, and says so', async () => {
  const cache = createCache({ storages: { none: nullStorage() } })
  expect(() => cache.node({ name: 'n', load: () => 1, tags: ['t'] })).toThrow(/storage 'none' \(a null storage\) can't/)
  await expect(cache.set('k', 1, { tags: ['t'] })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  await cache.set('k', 1)
})
