import { describe, expect, test } from 'vitest'
import { createCache, defineScopes, memory, type Storage } from 'tiercel'
import { simpleStorage, virtualClock } from 'tiercel/testing'
import { listed as inOrder } from '../client/listed.ts'
import { countingSource, type ReachPlace, reachPlaces, reachScene } from './reach-scenes.ts'
import { soon } from './scene.ts'

const scopes = defineScopes({ organization: { param: 'orgId' } })
const places = reachPlaces.map((place) => [place] as const)

const listed = async (names: AsyncIterable<string>): Promise<string[]> => (await inOrder(names)).sort()

/** Some of everything: two nodes, one with a version, one in a scope, entries without a node, tags. */
async function filled(place: ReachPlace) {
  const scene = reachScene(place, { scopes })
  const { clock } = scene
  const source = countingSource()
  const define = (cache: typeof scene.cache) => ({
    user: cache.node({
      name: 'user',
      key: (id: string) => id,
      load: source.load,
      tags: (id) => [`of ${id.slice(0, 9)}`],
    }),
    page: cache.node({ name: 'page', version: 'v2', key: (id: string) => id, load: source.load }),
    note: cache.node({
      name: 'note',
      scope: 'organization',
      key: (params: { orgId: string; id: string }) => params.id,
      load: source.load,
    }),
  })
  const nodes = define(scene.cache)
  await soon(clock, nodes.user.getMany(['1', '2', '12']))
  await soon(clock, nodes.page.getMany(['1', 'a:b']))
  await soon(
    clock,
    nodes.note.getMany([
      { orgId: 'o1', id: '1' },
      { orgId: 'o2', id: '1' },
    ]),
  )
  await soon(clock, scene.cache.set('rates', 1, { tags: ['of 1'] }))
  await soon(clock, scene.cache.set('user:9', 1, { scope: { organization: 'o1' } }))
  await clock.advance(0)
  const left = async (): Promise<readonly string[]> => {
    await clock.advance(0)
    return soon(clock, listed(scene.cache.find({ scope: 'global' })))
  }
  return { ...scene, ...nodes, source, define, left }
}

const all = ['note:1', 'note:1', 'page:1', 'page:a:b', 'rates', 'user:1', 'user:12', 'user:2', 'user:9']

const without = (...gone: string[]): string[] => all.filter((name) => !gone.includes(name))

describe.each(places)('selectors, in %s', (place) => {
  test('find lists names, without prefix, scope and version', async () => {
    const { left } = await filled(place)
    expect(await left()).toEqual(all)
  })

  test.each([
    ['user:*', ['user:1', 'user:12', 'user:2', 'user:9']],
    ['user:1', ['user:1']],
    ['user:1*', ['user:1', 'user:12']],
    ['user:?', ['user:1', 'user:2', 'user:9']],
    ['*:1', ['note:1', 'note:1', 'page:1', 'user:1']],
    ['[pr]*', ['page:1', 'page:a:b', 'rates']],
    ['page:a:b', ['page:a:b']],
    ['page:a:*', ['page:a:b']],
    ['rat\\es', ['rates']],
    ['user:\\*', []],
    ['tiercel*', []],
    ['~*', []],
    ['#*', []],
    ['*', all],
  ])('the pattern %s finds, invalidates, and leaves the rest', async (pattern, meant) => {
    const { clock, cache, left } = await filled(place)
    expect(await soon(clock, listed(cache.find({ pattern })))).toEqual([...meant].sort())
    const { entryCount } = await soon(clock, cache.invalidate({ pattern }))
    expect(entryCount).toBe(meant.length)
    expect(await left()).toEqual(all.filter((name) => !meant.includes(name)))
  })

  test('keys are names: of an entry without a node, and of a node', async () => {
    const { clock, cache, left } = await filled(place)
    expect(await soon(clock, listed(cache.find({ keys: ['rates', 'user:1', 'page:a:b', 'nothing'] })))).toEqual([
      'page:a:b',
      'rates',
      'user:1',
    ])
    const told = await soon(clock, cache.invalidate({ keys: ['rates', 'user:1', 'page:a:b', 'nothing'] }))
    expect(told).toMatchObject({ entryCount: 3, labelCount: 0 })
    expect(await left()).toEqual(without('rates', 'user:1', 'page:a:b'))
  })

  test('a node is meant by its name or itself, in whatever version and scope', async () => {
    const { clock, cache, page, left } = await filled(place)
    expect(await soon(clock, listed(cache.find({ node: 'note' })))).toEqual(['note:1', 'note:1'])
    await soon(clock, cache.invalidate({ node: page }))
    await soon(clock, cache.invalidate({ node: 'note' }))
    expect(await left()).toEqual(without('page:1', 'page:a:b', 'note:1'))
  })

  test('tags and scopes find what carries them, and nothing once it was invalidated', async () => {
    const { clock, cache } = await filled(place)
    const find = (selector: Parameters<typeof cache.find>[0]) => soon(clock, listed(cache.find(selector)))
    expect(await find({ tags: ['of 1'] })).toEqual(['rates', 'user:1'])
    expect(await find({ scope: { organization: 'o1' } })).toEqual(['note:1', 'user:9'])
    await soon(clock, cache.invalidate({ tags: ['of 1'], scope: { organization: 'o1' } }))
    expect(await find({ tags: ['of 1'] })).toEqual([])
    expect(await find({ scope: { organization: 'o1' } })).toEqual([])
    expect(await find({ scope: { organization: 'o2' } })).toEqual(['note:1'])
  })

  test('whatever is named is meant: a selector is all of its parts', async () => {
    const { clock, cache, user, page, note } = await filled(place)
    const selector = { keys: ['rates'], tags: ['of 2'], scope: { organization: 'o2' }, pattern: '*:a*', node: 'note' }
    expect(await soon(clock, listed(cache.find(selector)))).toEqual(['note:1', 'note:1', 'page:a:b', 'rates', 'user:2'])
    expect(await soon(clock, cache.invalidate(selector))).toMatchObject({ labelCount: 2 })
    const present = [
      cache.has('rates'),
      user.has('2'),
      note.has({ orgId: 'o2', id: '1' }),
      note.has({ orgId: 'o1', id: '1' }),
      page.has('a:b'),
      user.has('1'),
      page.has('1'),
    ]
    expect(await soon(clock, Promise.all(present))).toEqual([false, false, false, false, false, true, true])
  })

  test('purge deletes what is selected, and counts each entry once', async () => {
    const { clock, cache, left } = await filled(place)
    expect(
      await soon(clock, cache.purge({ tags: ['of 1'], keys: ['user:1', 'user:2'], pattern: 'page:1' })),
    ).toMatchObject({ entryCount: 4 })
    expect(await left()).toEqual(without('rates', 'user:1', 'user:2', 'page:1'))
    expect(await soon(clock, cache.purge({ tags: ['of 1'] }))).toMatchObject({ entryCount: 0 })
    expect(await soon(clock, cache.purge({ scope: 'global' }))).toMatchObject({ entryCount: 5 })
    expect(await left()).toEqual([])
  })

  test('what is expired is stale, by every kind of selector', async () => {
    const kinds = [{ keys: ['n:k'] }, { tags: ['t'] }, { pattern: 'n:*' }, { node: 'n' }, { scope: 'global' as const }]
    for (const selector of kinds) {
      const { clock, cache } = reachScene(place)
      const source = countingSource()
      const node = cache.node({ name: 'n', key: () => 'k', load: source.load, tags: ['t'], staleWhileRevalidate: '1m' })
      await soon(clock, node.get())
      await clock.advance(0)
      await soon(clock, cache.expire(selector))
      expect(await soon(clock, node.get()), JSON.stringify(selector)).toBe(1)
      await clock.advance(0)
      expect(await soon(clock, node.get()), JSON.stringify(selector)).toBe(2)
    }
  })

  test('DEFECTS 10, 16: a load overtaken by a pattern, a node or a clear answers its caller and writes nothing', async () => {
    for (const selector of [
      { pattern: 'user:7*' },
      { pattern: '*:7' },
      { node: 'user' },
      { scope: 'global' as const },
      { keys: ['user:7'] },
    ]) {
      const { clock, cache, user, source } = await filled(place)
      const letGo = source.hold()
      const early = user.get('7')
      await clock.advance(0)
      await soon(clock, cache.invalidate(selector))
      letGo()
      const value = await soon(clock, early)
      await clock.advance(0)
      expect(await soon(clock, user.has('7')), JSON.stringify(selector)).toBe(false)
      expect(await soon(clock, user.get('7')), JSON.stringify(selector)).toBeGreaterThan(value)
    }
  })

  test('entries whose keys are too long to be stored as they are can be found by how they begin', async () => {
    const { clock, cache, user } = await filled(place)
    const long = `long ${'x'.repeat(2_000)}`
    await soon(clock, user.get(long))
    await soon(clock, user.get(`other ${'x'.repeat(2_000)}`))
    await clock.advance(0)
    const found = await soon(clock, listed(cache.find({ pattern: `user:long ${'x'.repeat(1_000)}*y` })))
    expect(found).toEqual([`user:${long.slice(0, found[0]!.length - 5)}`])
    await soon(clock, cache.invalidate({ pattern: `user:long ${'x'.repeat(1_999)}?` }))
    expect(await soon(clock, user.has(long))).toBe(false)
    expect(await soon(clock, user.has(`other ${'x'.repeat(2_000)}`))).toBe(true)
  })

  test('a selector that selects nothing, or nothing that makes sense, is an error', async () => {
    const { clock, cache } = await filled(place)
    const nonsense: unknown[] = [
      {},
      { keys: undefined },
      { tag: ['t'] },
      { tags: 't' },
      { tags: [7] },
      { keys: 'k' },
      { keys: [7] },
      { pattern: '' },
      { pattern: 7 },
      { node: 7 },
      { node: '' },
      null,
      'user:*',
      { scope: { user: 'u' } },
    ]
    for (const selector of nonsense) {
      const given = selector as { tags: string[] }
      for (const method of ['invalidate', 'expire', 'purge'] as const) {
        const outcome = soon<unknown>(clock, cache[method](given))
        await expect(outcome, JSON.stringify(selector)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
      }
      expect(() => cache.find(given), JSON.stringify(selector)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      )
    }
    await expect(cache.invalidate({})).rejects.toThrow("for everything, say { scope: 'global' }")
  })
})

describe.each(places.filter(([place]) => place !== 'memory'))('selectors and other processes, in %s', (place) => {
  test('DEFECTS 10: a load that another process has under way writes nothing after a pattern, a node, a clear', async () => {
    const selectors = [
      { pattern: 'user:7*' },
      { pattern: '*:7' },
      { node: 'user' },
      { scope: 'global' as const },
      { keys: ['user:7'] },
    ]
    for (const selector of selectors) {
      const { clock, user, source, another, define } = await filled(place)
      const other = another()
      define(other)
      const letGo = source.hold()
      const early = user.get('7')
      await clock.advance(0)
      await soon(clock, other.invalidate(selector))
      letGo()
      await soon(clock, early)
      await clock.advance(0)
      expect(await soon(clock, user.has('7')), JSON.stringify(selector)).toBe(false)
    }
  })

  test('DEFECTS 10: nor does one that writes while the pattern goes through the storage', async () => {
    const { clock, cache, shared, source, another, define } = await filled(place)
    const theirs = define(another())
    const letGo = source.hold()
    const early = theirs.user.get('7')
    await clock.advance(0)
    // Keys are listed after 10 and 20 ms, leases after 30.
    shared!.slow('scan', 10)
    const invalidating = cache.invalidate({ pattern: '*:7' })
    await clock.advance(25)
    letGo()
    await clock.advance(500)
    await Promise.all([early, invalidating])
    expect(theirs.user.stats().refusedWriteCount).toBe(0)
    await clock.advance(31_000)
    expect(await soon(clock, theirs.user.has('7'))).toBe(false)
  })

  test('what is invalidated in one process is gone for another', async () => {
    const { clock, another, define, left } = await filled(place)
    const other = another()
    define(other)
    await soon(clock, other.invalidate({ pattern: '*:1*' }))
    await clock.advance(31_000)
    expect((await left()).filter((name) => name.includes(':1'))).toEqual([])
  })
})

test('a storage that can not list refuses patterns, but for those that name how everything begins', async () => {
  const clock = virtualClock()
  const storage = simpleStorage({ clock })
  const { leases, markers, time } = storage.capabilities
  const blind: Storage = { ...storage, capabilities: { leases, markers, time } }
  const cache = createCache({ clock, storages: { local: memory({ clock }), blind } })
  const node = cache.node({ name: 'n', key: (id: string) => id, load: (id) => id })
  await soon(clock, node.getMany(['a', 'b']))
  await clock.advance(0)
  await expect(soon(clock, cache.invalidate({ pattern: '*a' }))).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  await expect(soon(clock, cache.expire({ pattern: 'n:*' }))).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  await expect(soon(clock, listed(cache.find({ pattern: 'n:*' })))).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  await soon(clock, cache.invalidate({ pattern: 'n:a*' }))
  expect(await soon(clock, Promise.all([node.has('a'), node.has('b')]))).toEqual([false, true])
  await soon(clock, cache.invalidate({ node }))
  expect(await soon(clock, node.has('b'))).toBe(false)
})

test('DEFECTS 16: nothing outside the prefix is ever touched', async () => {
  const clock = virtualClock()
  const server = simpleStorage({ clock })
  const open = (prefix: string) => createCache({ clock, prefix, storages: { shared: server.another() } })
  const [mine, theirs] = [open('shop'), open('shop2')]
  await soon(clock, theirs.set('k', 1, { tags: ['t'] }))
  await soon(
    clock,
    theirs.getOrLoad('l', () => 1, { tags: ['t'] }),
  )
  await clock.advance(0)
  for (const selector of [
    { tags: ['t'] },
    { pattern: '*' },
    { scope: 'global' as const },
    { keys: ['k'] },
    { node: 'k' },
  ]) {
    await soon(clock, mine.invalidate(selector))
    await soon(clock, mine.purge(selector))
    await soon(clock, mine.expire(selector))
  }
  expect(await soon(clock, Promise.all([theirs.get('k'), theirs.get('l')]))).toEqual([1, 1])
})
