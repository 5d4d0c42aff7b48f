import { describe, expect, test } from 'vitest'
import { type CacheNode, createCache, memory } from 'tiercel'
import { faultyStorage, simpleStorage, virtualClock } from 'tiercel/testing'
import { memoryScene, outcomeOf, type Scene, scene, soon, storedIn, storyOf, wait, watch } from './scene.ts'

type Numbered = CacheNode<string, number>

/** Everything that makes what was loaded before it old news. */
const changes: readonly (readonly [string, (node: Numbered, cache: Scene['cache']) => Promise<unknown>])[] = [
  ['invalidate', (node) => node.invalidate('a')],
  ['set', (node) => node.set('a', 100)],
  ['refresh', (node) => node.refresh('a')],
  ['expire', (node) => node.expire('a')],
  ['invalidateAll', (node) => node.invalidateAll()],
  ['clear', (_, cache) => cache.clear()],
]

/** A node whose loads bring 1, 2, 3…; the first takes its time. */
function numbered({ cache, clock }: Pick<Scene, 'cache' | 'clock'>, firstTakes = 0): Numbered {
  let loads = 0
  return cache.node({
    name: 'n',
    key: (id: string) => id,
    load: async () => {
      const number = ++loads
      if (number === 1 && firstTakes > 0) await wait(clock, firstTakes)
      return number
    },
  })
}

describe('DEFECTS 10: what was loaded before a change is answered to those who asked before it, and never stored', () => {
  test.each(changes)('%s during a slow load, over two tiers', async (name, change) => {
    const the = scene()
    const { clock, server, cache } = the
    const node = numbered(the, 100)
    const early = outcomeOf(clock, node.get('a'))
    await clock.advance(50)
    await soon(clock, change(node, cache))
    const between = outcomeOf(clock, node.get('a'))
    await clock.advance(200)
    expect(await early).toEqual({ value: 1, after: 100 })
    const expected = name === 'set' ? 100 : 2
    expect(await between).toMatchObject({ value: expected })
    expect(await node.get('a')).toBe(expected)
    expect(await storedIn(server, 'tiercel:n:a')).toBe(expected)
    expect(node.stats().refusedWriteCount).toBe(1)
  })

  test.each(changes)('%s during a slow load, in memory alone', async (name, change) => {
    const { cache, clock } = memoryScene()
    const node = numbered({ cache, clock }, 100)
    const early = outcomeOf(clock, node.get('a'))
    await clock.advance(50)
    await soon(clock, change(node, cache as unknown as Scene['cache']))
    await clock.advance(200)
    expect(await early).toEqual({ value: 1, after: 100 })
    expect(await soon(clock, node.get('a'))).toBe(name === 'set' ? 100 : 2)
  })

  test.each(changes)('%s while the shared tier is being read', async (name, change) => {
    const the = scene()
    const { clock, shared, cache } = the
    const peer = numbered(the.another())
    await soon(clock, peer.get('a'))
    await soon(clock, peer.refresh('a'))
    const node = numbered(the)
    // It has been read, and the answer is on its way.
    shared.garble('getMany', (answer) => wait(clock, 100).then(() => answer), { times: 1 })
    const early = outcomeOf(clock, node.get('a'))
    await clock.advance(50)
    await soon(clock, change(node, cache))
    await clock.advance(200)
    expect(await early).toEqual({ value: 2, after: 100 })
    expect(node.peek('a')).toBe(name === 'set' ? 100 : name === 'refresh' ? 1 : undefined)
    expect(await soon(clock, node.get('a'))).toBe(name === 'set' ? 100 : 1)
  })

  const slowly: readonly (readonly [string, 'deleteMany' | 'setMany' | 'expireMany' | 'clear', number])[] = [
    ['invalidate', 'deleteMany', 1],
    ['set', 'setMany', 100],
    ['expire', 'expireMany', 1],
    ['invalidateAll', 'clear', 1],
    ['clear', 'clear', 1],
  ]
  test.each(slowly)(
    'DEFECTS 13: %s: a read between its call and its end brings nothing back',
    async (name, operation, expected) => {
      const the = scene()
      const { clock, shared, cache } = the
      const peer = numbered(the.another())
      await soon(clock, peer.get('a'))
      await soon(clock, peer.refresh('a'))
      const node = numbered(the)
      expect(await soon(clock, node.get('a'))).toBe(2)
      shared.slow(operation, 100)
      const changing = outcomeOf(clock, changes.find(([it]) => it === name)![1](node, cache))
      await clock.advance(50)
      expect(await soon(clock, node.get('a'))).toBe(2)
      await clock.advance(50)
      expect(await changing).toMatchObject({ after: 100 })
      expect(await soon(clock, node.get('a'))).toBe(expected)
    },
  )

  test.each(slowly)(
    'DEFECTS 13: %s: a read that is still on its way when it ends brings nothing back',
    async (name, operation, expected) => {
      const the = scene()
      const { clock, shared, cache } = the
      const peer = numbered(the.another())
      await soon(clock, peer.get('a'))
      await soon(clock, peer.refresh('a'))
      const node = numbered(the)
      shared.slow(operation, 100)
      const changing = outcomeOf(clock, changes.find(([it]) => it === name)![1](node, cache))
      await clock.advance(50)
      shared.garble('getMany', (answer) => wait(clock, 100).then(() => answer), { times: 1 })
      const between = outcomeOf(clock, node.get('a'))
      await clock.advance(200)
      expect(await changing).toMatchObject({ after: 100 })
      expect(await between).toEqual({ value: 2, after: 100 })
      expect(await soon(clock, node.get('a'))).toBe(expected)
    },
  )

  test('DEFECTS 13: nor is anything left in a tier between: what was read below is not copied there', async () => {
    const clock = virtualClock()
    const host = simpleStorage({ clock })
    const server = simpleStorage({ clock })
    const shared = faultyStorage(server, { clock })
    const cache = createCache({ clock, storages: { local: memory({ clock }), host, shared } })
    const peer = createCache({ clock, storages: { shared: server.another() } })
    await soon(clock, numbered({ cache: peer, clock }).get('a'))
    await soon(clock, peer.set('plain', 'old'))
    const node = cache.node({ name: 'n', key: (id: string) => id, load: () => 50 })
    shared.garble('getMany', (answer) => wait(clock, 100).then(() => answer), { times: 1 })
    const early = outcomeOf(clock, node.get('a'))
    await clock.advance(50)
    await node.invalidate('a')
    await clock.advance(100)
    expect(await early).toEqual({ value: 1, after: 100 })
    expect(await storedIn(host, 'tiercel:n:a')).toBeUndefined()
    expect(await soon(clock, node.get('a'))).toBe(50)
    await cache.idle()
    expect(await storedIn(host, 'tiercel:n:a')).toBe(50)
  })

  test('a copy that is being filled is not left behind by an invalidation that passes', async () => {
    const the = scene()
    const { clock, shared } = the
    const node = numbered(the)
    shared.garble('fulfilMany', (answer) => wait(clock, 100).then(() => answer), { times: 1 })
    expect(await soon(clock, node.get('a'))).toBe(1)
    const invalidating = outcomeOf(clock, node.invalidate('a'))
    await clock.advance(200)
    expect(await invalidating).toMatchObject({ value: { existed: true } })
    expect(node.peek('a')).toBeUndefined()
    expect(await soon(clock, node.get('a'))).toBe(2)
  })
})

test('DEFECTS 7: refresh starts its own load while an older one runs, and the older one writes nothing', async () => {
  const the = scene()
  const { clock, server } = the
  const node = numbered(the, 100)
  const old = outcomeOf(clock, node.get('a'))
  await clock.advance(50)
  const refreshed = outcomeOf(clock, node.refresh('a'))
  await clock.advance(0)
  expect(await refreshed).toEqual({ value: 2, after: 0 })
  await clock.advance(100)
  expect(await old).toEqual({ value: 1, after: 100 })
  expect(await node.get('a')).toBe(2)
  expect(await storedIn(server, 'tiercel:n:a')).toBe(2)
})

test('a refresh that fails leaves what there was', async () => {
  const { cache, clock } = scene()
  let isDown = false
  const node = cache.node({
    name: 'n',
    key: (id: string) => id,
    load: () => {
      if (isDown) throw new Error('down')
      return 'value'
    },
  })
  await soon(clock, node.get('a'))
  isDown = true
  await expect(soon(clock, node.refresh('a'))).rejects.toThrow('down')
  expect(await node.get('a')).toBe('value')
})

describe('the load after an invalidation fails', () => {
  const terms = { name: 'n', key: (id: string) => id, ttl: 1_000, staleIfError: '1h' } as const

  function failing(): { load: () => string; isDown: boolean } {
    const source = {
      isDown: false,
      load: () => {
        if (source.isDown) throw new Error('down')
        return 'value'
      },
    }
    return source
  }

  test('DEFECTS 11: and the old value does not come back', async () => {
    const { cache, clock } = scene()
    const source = failing()
    const node = cache.node({ ...terms, staleIfError: 0, load: source.load })
    await soon(clock, node.get('a'))
    await node.invalidate('a')
    source.isDown = true
    for (let attempt = 0; attempt < 3; attempt++) await expect(soon(clock, node.get('a'))).rejects.toThrow('down')
    source.isDown = false
    expect(await soon(clock, node.get('a'))).toBe('value')
  })

  test('DEFECTS 14: and staleIfError does not serve what an invalidation named, fresh or stale', async () => {
    for (const age of [0, 2_000]) {
      const { cache, clock } = scene()
      const source = failing()
      const node = cache.node({ ...terms, load: source.load })
      await soon(clock, node.get('a'))
      await clock.advance(age)
      await node.invalidate('a')
      source.isDown = true
      await expect(soon(clock, node.get('a'))).rejects.toThrow('down')
    }
  })

  test('DEFECTS 14: nor when the invalidation came from another process', async () => {
    const the = scene({ copyTtl: 3_600_000 })
    const { cache, clock } = the
    const source = failing()
    const node = cache.node({ ...terms, load: source.load })
    const theirs = the.another().cache.node({ ...terms, load: source.load })
    await soon(clock, node.get('a'))
    await clock.advance(2_000)
    source.isDown = true
    expect(await soon(clock, node.get('a'))).toBe('value')
    await theirs.invalidate('a')
    await expect(soon(clock, node.get('a'))).rejects.toThrow('down')
  })

  test('DEFECTS 14: nor when it was called while the load ran', async () => {
    const { cache, clock } = scene()
    const source = failing()
    const node = cache.node({
      ...terms,
      load: async () => {
        await wait(clock, 100)
        return source.load()
      },
    })
    const first = node.get('a')
    await clock.advance(100)
    await first
    await clock.advance(2_000)
    source.isDown = true
    const overtaken = outcomeOf(clock, node.get('a'))
    await clock.advance(50)
    await node.invalidate('a')
    await clock.advance(50)
    expect(await overtaken).toMatchObject({ error: { message: 'down' }, after: 100 })
  })

  test('DEFECTS 14: what was only expired is served', async () => {
    const the = scene()
    const { cache, clock } = the
    const source = failing()
    const node = cache.node({ ...terms, load: source.load })
    const theirs = the.another().cache.node({ ...terms, load: source.load })
    await soon(clock, node.get('a'))
    await node.expire('a')
    source.isDown = true
    expect(await soon(clock, node.get('a'))).toBe('value')
    await theirs.expire('a')
    expect(await soon(clock, theirs.get('a'))).toBe('value')
    expect(theirs.stats()).toMatchObject({ staleCount: 1, loadFailureCount: 1 })
  })
})

test('DEFECTS 17: what only the lower tier has is deleted without an error, and counts as something', async () => {
  const the = scene()
  const { clock, cache } = the
  const peer = the.another()
  await soon(clock, numbered(peer).get('a'))
  await peer.cache.set('plain', 1)
  const node = numbered(the)
  const token = expect.any(String) as string
  expect(await node.invalidate('a')).toEqual({ existed: true, token })
  expect(await node.invalidate('a')).toEqual({ existed: false, token })
  expect(await node.invalidate('never there')).toEqual({ existed: false, token })
  expect(await cache.delete('plain')).toEqual({ existed: true, token })
  expect(await cache.delete('plain')).toEqual({ existed: false, token })
})

test('invalidateAll reaches every entry and every version of its node, and no other node', async () => {
  const the = scene()
  const { clock, cache, server } = the
  const terms = { key: (id: string) => id, load: (id: string) => id }
  const n = cache.node({ ...terms, name: 'n' })
  const longer = cache.node({ ...terms, name: 'nn' })
  const older = the.another().cache.node({ ...terms, name: 'n', version: 'v0' })
  await soon(clock, Promise.all([n.getMany(['a', 'b']), longer.get('a'), older.get('a'), cache.set('n', 1)]))
  await cache.idle()
  await n.invalidateAll()
  expect(n.peek('a')).toBeUndefined()
  expect(longer.peek('a')).toBe('a')
  const keys = ['tiercel:n:a', 'tiercel:n:b', 'tiercel:n:a:@v0', 'tiercel:nn:a', 'tiercel:=:n']
  expect((await server.getMany(keys)).map((stored) => stored !== undefined)).toEqual([false, false, false, true, true])
})

test('clear empties every storage under its prefix, and touches nothing of another cache', async () => {
  const the = scene({ prefix: 'shop' })
  const { clock, cache, local, server } = the
  const { cache: other } = the.another({ prefix: 'shop2' })
  const node = cache.node({ name: 'n', key: (id: string) => id, load: (id) => id })
  const theirs = other.node({ name: 'n', key: (id: string) => id, load: (id) => id })
  await soon(clock, Promise.all([node.get('a'), theirs.get('a'), cache.set('k', 1), other.set('k', 2)]))
  // A third cache shares the very memory, under a prefix of its own.
  local.set('else:n:a', 'not an entry')
  await cache.clear()
  expect(node.peek('a')).toBeUndefined()
  expect(await cache.has('k')).toBe(false)
  expect(local.peek('else:n:a')).toBe('not an entry')
  expect(await storedIn(server, 'shop:n:a')).toBeUndefined()
  expect(await storedIn(server, 'shop2:n:a')).toBe('a')
  expect(await other.get('k')).toBe(2)
})

describe('when the authority fails, a change says so, and holds in this process', () => {
  const operations = {
    invalidate: 'deleteMany',
    set: 'setMany',
    expire: 'expireMany',
    invalidateAll: 'clear',
    clear: 'clear',
  } as const
  const failing = changes.flatMap(([name, change]) => {
    const operation = (
      operations as Partial<Record<string, (typeof operations)['set' | 'clear' | 'expire' | 'invalidate']>>
    )[name]
    return operation === undefined ? [] : [[name, change, operation] as const]
  })

  test.each(failing)('%s of what memory holds', async (_, change, operation) => {
    const the = scene()
    const { clock, cache, shared } = the
    const node = numbered(the)
    await soon(clock, node.get('a'))
    shared.fail(operation)
    shared.fail('getMany')
    await expect(change(node, cache)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(node.peek('a')).toBeUndefined()
    expect(await soon(clock, node.get('a'))).toBe(2)
  })

  test.each(failing)('%s during a load', async (_, change, operation) => {
    const the = scene()
    const { clock, cache, shared, server } = the
    const node = numbered(the, 100)
    const early = outcomeOf(clock, node.get('a'))
    await clock.advance(50)
    shared.fail(operation)
    await expect(change(node, cache)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    await clock.advance(100)
    expect(await early).toEqual({ value: 1, after: 100 })
    expect(node.peek('a')).toBeUndefined()
    expect(await storedIn(server, 'tiercel:n:a')).toBeUndefined()
  })

  test('a storage that hangs costs a change its time limit', async () => {
    const the = scene({ timeLimit: 200 })
    const { clock, shared } = the
    const node = numbered(the)
    await soon(clock, node.get('a'))
    shared.hang('deleteMany')
    const [outcome] = [outcomeOf(clock, node.invalidate('a'))]
    await clock.advance(1_000)
    expect(await outcome).toMatchObject({ error: { code: 'STORAGE_UNAVAILABLE' }, after: 200 })
  })
})

test('changes of one key happen in the order they were called, however long each takes', async () => {
  const the = scene()
  const { clock, shared, server } = the
  const node = numbered(the)
  shared.slow('setMany', 300, { times: 1 })
  const outcomes = watch<unknown>(clock, [
    node.set('a', 10),
    node.set('a', 20),
    node.invalidate('a'),
    node.set('a', 30),
  ])
  await clock.advance(0)
  await node.set('b', 1)
  expect(outcomes.map((outcome) => outcome === 'under way')).toEqual([true, true, true, true])
  await clock.advance(300)
  expect(outcomes.every((outcome) => outcome !== 'under way' && 'value' in outcome)).toBe(true)
  expect(await storedIn(server, 'tiercel:n:a')).toBe(30)
  expect(node.peek('a')).toBe(30)
  expect(
    shared.calls.flatMap(({ operation, keys }) =>
      operation === 'open' || operation === 'now' ? [] : [`${operation} ${keys.join()}`],
    ),
  ).toEqual([
    'setMany tiercel:n:a',
    'setMany tiercel:n:b',
    'setMany tiercel:n:a',
    'deleteMany tiercel:n:a',
    'setMany tiercel:n:a',
  ])
})

test('a load that was called after a set does not overtake it on the way to the storage', async () => {
  const the = scene()
  const { clock, shared, server } = the
  const node = numbered(the)
  shared.slow('setMany', 100)
  const setting = node.set('a', 10)
  const refreshed = node.refresh('a')
  await clock.advance(1_000)
  await setting
  expect(await refreshed).toBe(1)
  // Memory and the storage are of one mind, whichever of the two that is.
  expect(await storedIn(server, 'tiercel:n:a')).toBe(await node.get('a'))
})

test('the story of a load overtaken by an invalidation', async () => {
  const the = scene()
  const { clock, cache } = the
  const story = storyOf(cache)
  const node = numbered(the, 100)
  const early = node.get('a')
  await clock.advance(50)
  await node.invalidate('a')
  const late = node.get('a')
  await clock.advance(100)
  await Promise.all([early, late])
  await node.get('a')
  expect(story).toEqual([
    'a: miss',
    'a: miss',
    'a: load',
    'a: write',
    'a: load',
    'a: write refused by fence',
    'a: hit local',
  ])
})
