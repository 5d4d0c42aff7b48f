import { describe, expect, test } from 'vitest'
import { type Cache, createCache, memory } from 'tiercel'
import { type FaultyStorage, faultyStorage, simpleStorage, virtualClock, type VirtualClock } from 'tiercel/testing'
import { memoryScene, operationsOf, outcomeOf, type Scene, scene, soon, storedIn, storyOf, wait } from './scene.ts'

const byId = { name: 'n', key: (id: string) => id } as const

/** Memory above a host's file above a server. */
function threeTiers(ttls: { readonly local?: number; readonly host?: number; readonly timeLimit?: number } = {}): {
  readonly clock: VirtualClock
  readonly host: FaultyStorage
  readonly shared: FaultyStorage
  readonly cache: Cache<'local' | 'host' | 'shared'>
  readonly upper: Cache<'shared'>
} {
  const clock = virtualClock()
  const host = faultyStorage({ ...simpleStorage({ clock }), kind: 'host' }, { clock })
  const server = simpleStorage({ clock })
  const shared = faultyStorage(server, { clock })
  const cache = createCache({
    clock,
    storages: { local: memory({ clock }), host, shared },
    tiers: [
      { storage: 'local', ttl: ttls.local },
      { storage: 'host', ttl: ttls.host, timeLimit: ttls.timeLimit },
      { storage: 'shared', timeLimit: ttls.timeLimit },
    ],
  })
  return { clock, host, shared, cache, upper: createCache({ clock, storages: { shared: server.another() } }) }
}

describe('the way of a get', () => {
  test('asks the tiers in order, loads, writes the authority first, and then the copies upwards', async () => {
    const { cache, clock, host, shared } = threeTiers()
    const story = storyOf(cache)
    const node = cache.node({ ...byId, load: (id) => id })
    expect(await soon(clock, node.get('a'))).toBe('a')
    await cache.idle()
    expect(await node.get('a')).toBe('a')
    expect(story).toEqual(['a: miss', 'a: load', 'a: write', 'a: hit local'])
    expect(operationsOf(host)).toEqual(['getMany', 'setMany'])
    expect(operationsOf(shared)).toEqual(['getMany', 'claimMany', 'fulfilMany'])
  })

  test('ends at the first tier that has the value, and fills those above it', async () => {
    const { cache, clock, host, shared, upper } = threeTiers({ local: 1_000, host: 60_000 })
    const story = storyOf(cache)
    await soon(clock, upper.node({ ...byId, load: () => 'theirs' }).get('a'))
    const node = cache.node({ ...byId, load: () => 'ours' })
    expect(await soon(clock, node.get('a'))).toBe('theirs')
    expect(node.peek('a')).toBe('theirs')
    await clock.advance(1_000)
    expect(await soon(clock, node.get('a'))).toBe('theirs')
    expect(story).toEqual(['a: hit shared', 'a: hit host'])
    expect(operationsOf(host)).toEqual(['getMany', 'setMany', 'getMany'])
    expect(operationsOf(shared)).toEqual(['getMany'])
    expect(node.stats().tiers).toMatchObject([
      { name: 'local', storageType: 'memory', hitCount: 0, missCount: 2 },
      { name: 'host', hitCount: 1, missCount: 1 },
      { name: 'shared', hitCount: 1, missCount: 0 },
    ])
  })

  test('fills two private tiers, and the nearer from the farther', async () => {
    const clock = virtualClock()
    const near = memory({ clock, maxEntries: 1 })
    const far = memory({ clock })
    const cache = createCache({
      clock,
      storages: { near, far, shared: simpleStorage({ clock }) },
      tiers: [{ storage: 'near' }, { storage: 'far', ttl: '1m' }, { storage: 'shared' }],
    })
    const story = storyOf(cache)
    const node = cache.node({ ...byId, load: (id) => id })
    await soon(clock, node.get('a'))
    await soon(clock, node.get('b'))
    await node.get('a')
    await node.get('a')
    expect(story.filter((line) => line.includes('hit'))).toEqual(['a: hit far', 'a: hit near'])
  })

  test('answers before it writes: a slow authority delays nobody', async () => {
    const { cache, clock, local, shared } = scene()
    const node = cache.node({ ...byId, load: (id) => id })
    shared.slow('fulfilMany', 500)
    const outcome = outcomeOf(clock, node.get('a'))
    await clock.advance(0)
    expect(await outcome).toEqual({ value: 'a', after: 0 })
    expect(local.size).toBe(0)
    await clock.advance(500)
    expect(local.size).toBe(1)
  })
})

describe('a copy', () => {
  test('past its own ttl is a miss there, and the tier below answers', async () => {
    const the = scene({ copyTtl: 1_000 })
    const { cache, clock } = the
    const node = cache.node({ ...byId, load: () => 1, ttl: '1h' })
    await soon(clock, node.get('a'))
    await clock.advance(999)
    expect(node.peek('a')).toBe(1)
    await clock.advance(1)
    expect(node.peek('a')).toBeUndefined()
    await soon(clock, node.get('a'))
    expect(node.stats()).toMatchObject({ loadCount: 1, hitCount: 1 })
  })

  test('answers for 30 seconds above a remote tier where nobody says how long', async () => {
    const { cache, clock } = scene()
    const node = cache.node({ ...byId, load: () => 1, ttl: null })
    await soon(clock, node.get('a'))
    await clock.advance(29_999)
    expect(node.peek('a')).toBe(1)
    await clock.advance(1)
    expect(node.peek('a')).toBeUndefined()
  })

  test('DEFECTS 29: never outlives what it was copied from', async () => {
    const the = scene({ copyTtl: 60_000 })
    const { cache, clock } = the
    let loads = 0
    const terms = { ...byId, load: () => ++loads, ttl: 10_000 } as const
    const theirs = the.another().cache.node(terms)
    await soon(clock, theirs.get('a'))
    await clock.advance(9_000)
    const node = cache.node(terms)
    expect(await soon(clock, node.get('a'))).toBe(1)
    await clock.advance(999)
    expect(node.peek('a')).toBe(1)
    await clock.advance(1)
    expect(node.peek('a')).toBeUndefined()
    expect(the.local.peek('tiercel:n:a')).toBeUndefined()
    expect(await soon(clock, node.get('a'))).toBe(2)
  })

  test('DEFECTS 29: of a remote tier is kept there for its remaining life, and no longer than its ttl', async () => {
    for (const [hostTtl, until] of [
      [60_000, 1_000],
      [400, 400],
    ] as const) {
      const { cache, clock, host, upper } = threeTiers({ local: 10, host: hostTtl })
      await soon(clock, upper.node({ ...byId, load: (id) => id, ttl: 10_000 }).get('a'))
      await clock.advance(9_000)
      const node = cache.node({ ...byId, load: (id) => id, ttl: 10_000 })
      await soon(clock, node.get('a'))
      await cache.idle()
      await clock.advance(until - 1)
      expect((await host.getMany(['tiercel:n:a']))[0]).toBeDefined()
      await clock.advance(1)
      expect((await host.getMany(['tiercel:n:a']))[0]).toBeUndefined()
    }
  })
})

describe('a tier that is down', () => {
  test('is passed over: the one below answers', async () => {
    const { cache, clock, host, upper } = threeTiers()
    const story = storyOf(cache)
    await soon(clock, upper.node({ ...byId, load: () => 'theirs' }).get('a'))
    const node = cache.node({ ...byId, load: () => 'ours' })
    host.fail('getMany')
    host.fail('setMany')
    expect(await soon(clock, node.get('a'))).toBe('theirs')
    expect(story).toEqual(['host failed: getMany', 'a: hit shared'])
    expect(node.peek('a')).toBe('theirs')
  })

  test('or hangs, costs its time limit once, and is not asked again on that way', async () => {
    const { cache, clock, host, shared } = threeTiers({ timeLimit: 100 })
    const node = cache.node({ ...byId, load: (id) => id })
    host.hang('getMany')
    host.hang('setMany')
    const outcome = outcomeOf(clock, node.get('a'))
    await clock.advance(100)
    expect(await outcome).toEqual({ value: 'a', after: 100 })
    expect(node.peek('a')).toBe('a')
    expect(operationsOf(host)).toEqual(['getMany'])
    expect(operationsOf(shared)).toEqual(['getMany', 'claimMany', 'fulfilMany'])
    expect(node.stats().tiers[1]).toMatchObject({ failureCount: 1, timeoutCount: 1 })
  })

  test('though it is the authority, values are loaded and kept in memory for the blind ttl', async () => {
    const the = scene({ timeLimit: 100, blindTtl: '2s' })
    const { cache, clock, shared } = the
    const node = cache.node({ ...byId, load: (id) => id })
    shared.hang('getMany')
    const outcome = outcomeOf(clock, node.get('a'))
    await clock.advance(100)
    expect(await outcome).toEqual({ value: 'a', after: 100 })
    await clock.advance(1_999)
    expect(node.peek('a')).toBe('a')
    await clock.advance(1)
    expect(node.peek('a')).toBeUndefined()
    expect(operationsOf(shared)).toEqual(['getMany'])
    expect(node.stats()).toMatchObject({ loadCount: 1, missCount: 1, requestCount: 1 })
  })

  test('or fails only when leases are claimed, costs one limit, and the value is answered', async () => {
    const the = scene({ timeLimit: 100 })
    const { cache, clock, shared } = the
    const node = cache.node({ ...byId, load: (id) => id })
    shared.hang('claimMany')
    const outcome = outcomeOf(clock, node.get('a'))
    await clock.advance(100)
    expect(await outcome).toEqual({ value: 'a', after: 100 })
    expect(operationsOf(shared)).toEqual(['getMany', 'claimMany', 'releaseMany'])
  })

  test('or slow, is waited for up to its limit', async () => {
    const the = scene({ timeLimit: 100 })
    const { cache, clock, shared } = the
    await soon(
      clock,
      the
        .another()
        .cache.node({ ...byId, load: () => 'theirs' })
        .get('a'),
    )
    const node = cache.node({ ...byId, load: () => 'ours' })
    shared.slow('getMany', 99, { times: 1 })
    const inTime = outcomeOf(clock, node.get('a'))
    await clock.advance(99)
    expect(await inTime).toEqual({ value: 'theirs', after: 99 })
    shared.slow('getMany', 101, { times: 1 })
    const late = outcomeOf(clock, node.get('b'))
    await clock.advance(100)
    expect(await late).toEqual({ value: 'ours', after: 100 })
  })

  test('or answers nonsense, harms nobody', async () => {
    for (const nonsense of [undefined, null, 'text', {}, [{}], [null], [{ header: 1, payload: 2 }]]) {
      const the = scene()
      const { cache, clock, shared } = the
      shared.drop('getMany', nonsense)
      shared.drop('claimMany', nonsense)
      shared.drop('fulfilMany', nonsense)
      const node = cache.node({ ...byId, load: (id) => id })
      const outcome = outcomeOf(clock, node.get('a'))
      await clock.advance(20_000)
      expect(await outcome).toMatchObject({ value: 'a' })
    }
  })

  test('when it is opened, is opened again by the next call', async () => {
    const the = scene()
    const { cache, clock, shared } = the
    const node = cache.node({ ...byId, load: (id) => id })
    shared.fail('open', { times: 1 })
    expect(await soon(clock, node.get('a'))).toBe('a')
    expect(await soon(clock, node.get('b'))).toBe('b')
    await cache.idle()
    expect(await storedIn(the.server, 'tiercel:n:a')).toBeUndefined()
    expect(await storedIn(the.server, 'tiercel:n:b')).toBe('b')
  })

  test('or broken for good, does not keep a stale value from being served on error', async () => {
    const { cache, clock, shared } = scene({ timeLimit: 100, copyTtl: 3_600_000 })
    let isDown = false
    const node = cache.node({
      ...byId,
      load: () => {
        if (isDown) throw new Error('down')
        return 'value'
      },
      ttl: 1_000,
      staleIfError: '1h',
    })
    await soon(clock, node.get('a'))
    await clock.advance(2_000)
    isDown = true
    shared.hang('getMany')
    const outcome = outcomeOf(clock, node.get('a'))
    await clock.advance(100)
    expect(await outcome).toEqual({ value: 'value', after: 100 })
  })
})

describe('what can not be read or written', () => {
  async function corrupted(the: Scene, corrupt: (bytes: { header: Uint8Array; payload: Uint8Array }) => void) {
    const theirs = the.another().cache.node({ ...byId, load: () => ({ from: 'theirs' }) })
    await soon(the.clock, theirs.get('a'))
    const [stored] = await the.server.getMany(['tiercel:n:a'])
    corrupt(stored!)
    await the.server.setMany([{ key: 'tiercel:n:a', ...stored! }])
  }

  const corruptions: readonly (readonly [string, (stored: { header: Uint8Array; payload: Uint8Array }) => void])[] = [
    ['of another program', (stored) => stored.header.set(Buffer.from('HTTP/1.1'))],
    ['of a later format', ({ header }) => header.set([9], 2)],
    ['with flags nobody knows', ({ header }) => header.set([1], 3)],
    ['with half a header', (stored) => (stored.header = stored.header.slice(0, 7))],
    ['without a header', (stored) => (stored.header = new Uint8Array())],
    ['of another serializer', ({ header }) => header.set([1, 2, 3, 4], 4)],
    ['cut short', (stored) => (stored.payload = stored.payload.slice(0, -3))],
    ['of nothing', (stored) => (stored.payload = new Uint8Array())],
    ['that are not text', ({ payload }) => payload.fill(0xff)],
  ]

  test.each(corruptions)('bytes %s are a miss and an event', async (_, corrupt) => {
    const the = scene()
    const { cache, clock } = the
    await corrupted(the, corrupt)
    const story = storyOf(cache)
    const node = cache.node({ ...byId, load: () => ({ from: 'ours' }) })
    expect(await soon(clock, node.get('a'))).toEqual({ from: 'ours' })
    await cache.idle()
    expect(story).toEqual(['a: unreadable in shared', 'a: miss', 'a: load', 'a: write'])
    expect(node.stats().tiers[1]).toMatchObject({ missCount: 1, unreadableCount: 1, failureCount: 0 })
    expect(await storedIn(the.server, 'tiercel:n:a')).toEqual({ from: 'ours' })
  })

  test('a value that the serializer refuses is answered, told, and kept nowhere', async () => {
    const { cache, clock, server } = scene()
    const story = storyOf(cache)
    const value = new Map([[1, 2]])
    const node = cache.node({ ...byId, load: () => value })
    expect(await soon(clock, node.get('a'))).toBe(value)
    await cache.idle()
    expect(story).toEqual(['a: miss', 'a: load', 'a: not kept: UNSERIALIZABLE'])
    expect(node.peek('a')).toBeUndefined()
    expect(await storedIn(server, 'tiercel:n:a')).toBeUndefined()
    expect(node.stats()).toMatchObject({ failedWriteCount: 1, loadSuccessCount: 1 })

    // And the next caller doesn't have to wait for the lease to run out.
    const next = outcomeOf(clock, node.get('a'))
    await clock.advance(0)
    expect(await next).toEqual({ value, after: 0 })
  })

  test('it keeps no other value of its batch from being written', async () => {
    const { cache, clock, server } = scene()
    const node = cache.node({
      ...byId,
      loadMany: (list) => list.map((id) => (id === 'b' ? new Map() : id)),
    })
    await soon(clock, node.getMany(['a', 'b', 'c']))
    await cache.idle()
    expect(await storedIn(server, 'tiercel:n:a')).toBe('a')
    expect(await storedIn(server, 'tiercel:n:b')).toBeUndefined()
    expect(await storedIn(server, 'tiercel:n:c')).toBe('c')
  })

  test('an explicit set of such a value is refused, and what there was is still there', async () => {
    const { cache, clock } = scene()
    const node = cache.node<string>({ ...byId, load: () => 'value' })
    await soon(clock, node.get('a'))
    await expect(node.set('a', new Map())).rejects.toMatchObject({ code: 'UNSERIALIZABLE' })
    expect(await soon(clock, node.get('a'))).toBe('value')
    expect(node.stats().loadCount).toBe(1)
  })

  test.each(['two tiers', 'memory'])('undefined from a load is answered and not cached: %s', async (where) => {
    const { cache, clock } = where === 'memory' ? memoryScene() : scene()
    let loads = 0
    const node = cache.node<string, string | undefined>({
      ...byId,
      load: () => {
        loads++
        return undefined
      },
    })
    expect(await soon(clock, node.get('a'))).toBeUndefined()
    expect(await soon(clock, node.get('a'))).toBeUndefined()
    expect(loads).toBe(2)
    expect(await soon(clock, node.has('a'))).toBe(false)
    expect(node.stats()).toMatchObject({ failedWriteCount: 0 })
  })

  test.each(['two tiers', 'memory'])('to set undefined is refused: %s', async (where) => {
    const { cache } = where === 'memory' ? memoryScene() : scene()
    const node = cache.node<string, string>({ ...byId, load: (id) => id })
    // @ts-expect-error: the types say so too
    await expect(node.set('a', undefined)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    // @ts-expect-error: and here
    await expect(cache.set('a', undefined)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('a ttl function that throws loses the entry, not the answer', async () => {
    const { cache, clock } = scene()
    const story = storyOf(cache)
    const node = cache.node({
      ...byId,
      load: (id) => id,
      ttl: () => {
        throw new Error('no idea')
      },
    })
    expect(await soon(clock, node.get('a'))).toBe('a')
    expect(story.at(-1)).toMatch('not kept')
    const next = outcomeOf(clock, node.get('a'))
    await clock.advance(0)
    expect(await next).toMatchObject({ value: 'a', after: 0 })
  })
})

describe('the moments of an entry', () => {
  test('DEFECTS 28: are on the authority’s clock: processes whose clocks are years apart agree on them', async () => {
    const serverClock = virtualClock()
    const server = simpleStorage({ clock: serverClock })
    const process = (start: number) => {
      const clock = virtualClock({ start })
      const cache = createCache({ clock, storages: { shared: server.another() } })
      return { clock, cache, node: cache.node({ ...byId, load: () => start, ttl: 10_000 }) }
    }
    const early = process(Date.UTC(1990, 0, 1))
    const late = process(Date.UTC(2050, 0, 1))
    await soon(early.clock, early.node.set('a', 1))
    const advance = (milliseconds: number) =>
      Promise.all([serverClock, early.clock, late.clock].map((clock) => clock.advance(milliseconds)))
    await advance(9_999)
    expect(await soon(late.clock, late.node.get('a'))).toBe(1)
    await advance(1)
    expect(await soon(late.clock, late.node.get('a'))).toBe(late.clock.now() - 10_000)
  })

  test('and wait for no wall clock: a load of the future is nothing special', async () => {
    const { cache, clock } = scene()
    const node = cache.node({ ...byId, load: async () => wait(clock, 5_000).then(() => clock.now()), ttl: 1_000 })
    const first = node.get('a')
    await clock.advance(5_000)
    const value = await first
    await clock.advance(999)
    expect(await node.get('a')).toBe(value)
  })
})
