import { describe, expect, test } from 'vitest'
import { createCache, memory, structured, type Serializer } from 'tiercel'
import { memoryScene, operationsOf, scene, soon } from './scene.ts'

describe('DEFECTS 25: a value that is falsy is a value', () => {
  test.each([
    ['null', null],
    ['0', 0],
    ["''", ''],
    ['false', false],
    ['NaN', Number.NaN],
    ['-0', -0],
    ['0n', 0n],
  ])('%s is cached, and read as a hit, in memory and below', async (_, value) => {
    const the = scene({ serializer: structured() })
    const { clock, cache } = the
    let loads = 0
    const terms = { name: 'n', key: (id: string) => id, load: () => (loads++, value) }
    const node = cache.node(terms)
    expect(await soon(clock, node.get('a'))).toBe(value)
    expect(await soon(clock, node.get('a'))).toBe(value)
    const elsewhere = the.another()
    const theirs = elsewhere.cache.node(terms)
    expect(await soon(clock, theirs.get('a'))).toBe(value)
    expect(operationsOf(elsewhere.shared)).toEqual(['getMany'])
    expect(await soon(clock, theirs.getMany(['a', 'a']))).toEqual([value, value])
    expect(await theirs.get('a', { maxAge: '1h' })).toBe(value)
    expect(operationsOf(elsewhere.shared)).toEqual([])
    expect(node.peek('a')).toBe(value)
    expect(await node.has('a')).toBe(true)
    expect(loads).toBe(1)
    await node.set('b', value)
    expect(await soon(clock, theirs.get('b'))).toBe(value)

    await soon(
      clock,
      cache.getOrLoad('plain', () => value),
    )
    expect(await cache.get('plain')).toBe(value)
    expect(await cache.has('plain')).toBe(true)
  })
})

describe('DEFECTS 26: a value comes back from a hit as it came from the load', () => {
  const rich = {
    date: new Date(86_400_000),
    map: new Map<unknown, unknown>([[{ a: 1 }, new Set([1, 'x'])]]),
    bytes: Uint8Array.of(1, 2, 255),
    pattern: /a+/gi,
    big: 10n ** 30n,
    nothing: undefined,
    numbers: [Number.NaN, -0, Infinity],
    error: new RangeError('too far'),
  }

  test('with structured(), in every tier', async () => {
    const the = scene({ serializer: structured() })
    const { clock } = the
    const terms = { name: 'n', key: (id: string) => id, load: () => rich }
    expect(await soon(clock, the.cache.node(terms).get('a'))).toBe(rich)
    const theirs = the.another().cache.node(terms)
    const hit = await soon(clock, theirs.get('a'))
    expect(hit).toStrictEqual(rich)
    expect(hit).not.toBe(rich)
    expect(await theirs.get('a')).toBe(hit)
    expect(theirs.stats().loadCount).toBe(0)
  })

  test.each(Object.entries(rich).filter(([name]) => name !== 'nothing'))(
    'json() refuses a %s rather than change it',
    async (_, value) => {
      const the = scene()
      const { clock, cache } = the
      let loads = 0
      const node = cache.node({ name: 'n', key: (id: string) => id, load: () => (loads++, { value }) })
      expect((await soon(clock, node.get('a'))).value).toBe(value)
      expect((await soon(clock, node.get('a'))).value).toBe(value)
      expect(loads).toBe(2)
      await expect(node.set('a', { value })).rejects.toMatchObject({ code: 'UNSERIALIZABLE' })
    },
  )

  test('a class is refused by both: what came back would not be one', async () => {
    class Money {
      readonly amount = 1
    }
    for (const terms of [{}, { serializer: structured() }]) {
      const { cache } = scene(terms)
      await expect(cache.set('k', new Money())).rejects.toMatchObject({ code: 'UNSERIALIZABLE' })
    }
  })

  test('memory alone keeps anything, by reference', async () => {
    const { cache } = memoryScene()
    const value = { call: () => 1, self: new WeakMap() }
    const node = cache.node({ name: 'n', load: () => value })
    expect(await node.get()).toBe(value)
    expect(await node.get()).toBe(value)
  })

  test('each node may have its own serializer, and none reads what another wrote', async () => {
    const the = scene()
    const { clock } = the
    const shout: Serializer = {
      name: 'shout',
      encode: (value) => Buffer.from(String(value).toUpperCase()),
      decode: (bytes) => Buffer.from(bytes).toString(),
    }
    const terms = { name: 'n', key: (id: string) => id, load: () => 'loaded' }
    await soon(clock, the.cache.node({ ...terms, serializer: shout }).get('a'))
    const alike = the.another().cache.node({ ...terms, serializer: shout })
    expect(await soon(clock, alike.get('a'))).toBe('LOADED')
    const unlike = the.another().cache.node(terms)
    expect(await soon(clock, unlike.get('a'))).toBe('loaded')
    expect(unlike.stats()).toMatchObject({ loadCount: 1, tiers: [{}, { unreadableCount: 1 }] })
  })
})

describe('DEFECTS 27: a caller who changes what it got', () => {
  test('changes what memory has, as its contract says, and nothing below', async () => {
    const the = scene()
    const { clock } = the
    const terms = { name: 'n', key: (id: string) => id, load: () => ({ list: [1] }) }
    const node = the.cache.node(terms)
    const theirs = the.another().cache.node(terms)
    const value = await soon(clock, node.get('a'))
    value.list.push(2)
    expect(await node.get('a')).toBe(value)
    expect(await soon(clock, theirs.get('a'))).toEqual({ list: [1] })
    await clock.advance(30_000)
    expect(await soon(clock, node.get('a'))).toEqual({ list: [1] })
  })

  test('after a set, changes nothing below either', async () => {
    const the = scene()
    const { clock } = the
    const value = { list: [1] }
    const setting = the.cache.set('k', value)
    await setting
    value.list.push(2)
    expect(await soon(clock, the.another().cache.get('k'))).toEqual({ list: [1] })
  })

  test('does not change what the storage gave to others at the same time', async () => {
    const the = scene()
    const { clock } = the
    await the.cache.set('k', { list: [1] })
    const [ours, theirs] = [the.another().cache, the.another().cache]
    const mine = await soon(clock, ours.get<{ list: number[] }>('k'))
    mine!.list.push(2)
    expect(await soon(clock, theirs.get('k'))).toEqual({ list: [1] })
  })
})

test('what memory has no room for is loaded again, and its bound is kept', async () => {
  const { clock } = memoryScene()
  const local = memory({ clock, maxEntries: 3, policy: 'lru' })
  const cache = createCache({ clock, storages: { local } })
  let loads = 0
  const node = cache.node({ name: 'n', key: (id: number) => id, load: (id) => (loads++, id) })
  await node.getMany([1, 2, 3, 4, 5])
  expect(local.size).toBe(3)
  expect(await node.get(1)).toBe(1)
  expect(loads).toBe(6)
  expect(cache.stats().storages.local).toMatchObject({ entryCount: 3, evictionCount: { capacity: 3, expired: 0 } })
})
