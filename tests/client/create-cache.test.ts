import { describe, expect, test } from 'vitest'
import { createCache, json, keys, memory } from 'tiercel'
import { simpleStorage, virtualClock } from 'tiercel/testing'
import { listed } from './listed.ts'
import { refusalOf } from '../kernel/refusal.ts'

type Options = Parameters<typeof createCache>[0]

const duration = "a duration in whole milliseconds, or with a unit like '250ms', '30s', '5m', '1h', '10d'"
const longer = 'a duration longer than nothing'

/** Refused as an option: where it is, what was expected, what came. */
function expectRefused(call: () => unknown, message: string): void {
  const error = refusalOf(call)
  expect([error.code, error.message]).toEqual(['INVALID_OPTION', message])
}

describe('nothing has to be said', () => {
  test('of the cache: it is bounded, and says by how much', () => {
    const cache = createCache()
    const local = cache.storages().get('local')
    expect([...cache.storages().keys()]).toEqual(['local'])
    expect(local?.type).toBe('memory')
    expect(local).toMatchObject({ maxEntries: 10_000 })
  })

  test('of a node, but its name and where its values come from', async () => {
    const cache = createCache()
    const user = cache.node({ name: 'user', load: (id: number) => `user ${id}` })
    expect(await user.get(7)).toBe('user 7')
    expect(user.peek(7)).toBe('user 7')
  })

  test('of lifetimes: values are fresh for five minutes', async () => {
    const clock = virtualClock()
    const cache = createCache({ clock })
    await cache.set('k', 'v')
    clock.tick(5 * 60_000 - 1)
    expect(await cache.get('k')).toBe('v')
    clock.tick(1)
    expect(await cache.get('k')).toBeUndefined()
  })
})

describe('what makes no sense of a cache is refused', () => {
  const clock = virtualClock()
  const refused: readonly (readonly [string, unknown, string])[] = [
    ['an empty prefix', { prefix: '' }, 'createCache: prefix: expected a name, got ""'],
    ['a prefix that is no text', { prefix: 5 }, 'createCache: prefix: expected a name, got 5'],
    ['no storages', { storages: {} }, 'createCache: storages: expected at least one storage, got an object (Object)'],
    [
      'a storage that is none',
      { storages: { local: memory(), shared: { url: 'redis://' } } },
      'createCache: storages.shared: expected a storage, like memory() or sqlite({ path }), got an object (Object)',
    ],
    [
      'a storage that is missing',
      { storages: { local: undefined } },
      'createCache: storages.local: expected a storage, like memory() or sqlite({ path }), got undefined',
    ],
    [
      'a storage that was not made',
      { storages: { local: memory } },
      'createCache: storages.local: expected a storage, like memory() or sqlite({ path }), got the function memory',
    ],
    [
      'memory on another clock',
      { clock, storages: { local: memory() } },
      "createCache: storages.local: expected a storage on the cache's own clock: give both the same { clock }, got an object (Object)",
    ],
    ['keys that are no function', { keys: 'readable' }, 'createCache: keys: expected keys.readable, keys.digest or a function, got "readable"'],
    ['a nonsense blindTtl', { blindTtl: '5 parsecs' }, `createCache: blindTtl: expected ${duration}, got "5 parsecs"`],
    ['a nonsense ttl', { ttl: '5 parsecs' }, `createCache: ttl: expected ${duration}, got "5 parsecs"`],
    ['a ttl of nothing', { ttl: 0 }, `createCache: ttl: expected ${longer}, got 0`],
    ['a negative hard limit', { limits: { hard: -1 } }, `createCache: limits.hard: expected ${duration}, got -1`],
    ['a lease for ever', { lease: { ttl: Infinity } }, 'createCache: lease.ttl: expected a duration with an end, got Infinity'],
    [
      'a tier of a storage that is not there',
      { storages: { local: memory() }, tiers: [{ storage: 'shared' }] },
      'createCache: tiers[0].storage: expected the name of a storage (local), got "shared"',
    ],
  ] // prettier-ignore
  for (const [what, options, message] of refused) {
    test(what, () => expectRefused(() => createCache(options as Options), message))
  }

  test('a prefix that leaves no room for keys', () => {
    const error = refusalOf(() => createCache({ prefix: 'p'.repeat(600) }))
    expect(error.code).toBe('INVALID_OPTION')
    expect(error.message).toContain('short enough for keys of 512 bytes')
  })
})

describe('what makes no sense of a node is refused', () => {
  const load = (): string => 'value'
  const storages = (): { local: ReturnType<typeof memory>; shared: ReturnType<typeof simpleStorage> } => ({
    local: memory(),
    shared: simpleStorage(),
  })
  const refused: readonly (readonly [string, object, string])[] = [
    ['no name', { name: undefined }, 'node: name: expected a name, got undefined'],
    ['an empty name', { name: '' }, 'node: name: expected a name, got ""'],
    ['a name that is no text', { name: 5 }, 'node: name: expected a name, got 5'],
    ['the name of what has no node', { name: '=' }, 'node: name: expected another name than =, got "="'],
    ['a version that is no text', { version: 1 }, "node 'user': version: expected a string, got 1"],
    ['a key that is no function', { key: 'id' }, 'node \'user\': key: expected a function, got "id"'],
    ['a load that is no function', { load: 'value' }, 'node \'user\': load: expected a function, got "value"'],
    ['a loadMany that is no function', { loadMany: [] }, "node 'user': loadMany: expected a function, got an empty list"],
    ['a nonsense ttl', { ttl: '5 parsecs' }, `node 'user': ttl: expected ${duration}, got "5 parsecs"`],
    ['a ttl of nothing', { ttl: '0s' }, `node 'user': ttl: expected ${longer}, got "0s"`],
    ['a part of a millisecond', { ttl: 0.5 }, `node 'user': ttl: expected ${duration}, got 0.5`],
    ['a negative stale window', { staleWhileRevalidate: -1 }, `node 'user': staleWhileRevalidate: expected ${duration}, got -1`],
    ['a nonsense staleIfError', { staleIfError: true }, `node 'user': staleIfError: expected ${duration}, got true`],
    ['a nullTtl of nothing', { nullTtl: 0 }, `node 'user': nullTtl: expected ${longer}, got 0`],
    ['a nonsense errorTtl', { errorTtl: '1' }, `node 'user': errorTtl: expected ${duration}, got "1"`],
    ['jitter beyond its bounds', { jitter: 1.5 }, "node 'user': jitter: expected a share from 0 to 1, got 1.5"],
    ['jitter that is no number', { jitter: NaN }, "node 'user': jitter: expected a share from 0 to 1, got NaN"],
    ['a nonsense soft limit', { limits: { soft: 'soon' } }, `node 'user': limits.soft: expected ${duration}, got "soon"`],
    ['a hard limit of nothing', { limits: { hard: 0 } }, `node 'user': limits.hard: expected ${longer}, got 0`],
    ['a negative concurrency', { limits: { concurrency: -1 } }, "node 'user': limits.concurrency: expected a whole number of 1 or more, got -1"],
    ['no detached load', { limits: { detached: 0 } }, "node 'user': limits.detached: expected a whole number of 1 or more, got 0"],
    ['batches of nothing', { maxBatch: 0 }, "node 'user': maxBatch: expected a whole number of 1 or more, got 0"],
    ['batches of one and a half', { maxBatch: 1.5 }, "node 'user': maxBatch: expected a whole number of 1 or more, got 1.5"],
    ['a lease for ever', { lease: { ttl: Infinity } }, "node 'user': lease.ttl: expected a duration with an end, got Infinity"],
    ['a lease that looks all the time', { lease: { retryEvery: 0 } }, `node 'user': lease.retryEvery: expected ${longer}, got 0`],
    ['a lease that waits a nonsense time', { lease: { wait: 'long' } }, `node 'user': lease.wait: expected ${duration}, got "long"`],
    ['no tier', { tiers: [] }, "node 'user': tiers: expected at least one tier, got an empty list"],
    ['a storage that is not there', { tiers: [{ storage: 'remote' }] }, 'node \'user\': tiers[0].storage: expected the name of a storage (local, shared), got "remote"'],
    ['a storage that has the name of an object’s member', { tiers: [{ storage: 'toString' }] }, 'node \'user\': tiers[0].storage: expected the name of a storage (local, shared), got "toString"'],
    ['a storage twice', { tiers: [{ storage: 'local' }, { storage: 'shared' }, { storage: 'local' }] }, 'node \'user\': tiers[2].storage: expected each storage once, got "local"'],
    ['memory below a remote tier', { tiers: [{ storage: 'shared' }, { storage: 'local' }] }, 'node \'user\': tiers[1]: expected memory before everything else, got "local"'],
    ['a nonsense ttl of a copy', { tiers: [{ storage: 'local', ttl: 'x' }, { storage: 'shared' }] }, `node 'user': tiers[0]: ttl: expected ${duration}, got "x"`],
    ['a nonsense ttl of the last tier', { tiers: [{ storage: 'local' }, { storage: 'shared', ttl: 'x' }] }, `node 'user': tiers[1]: ttl: expected ${duration}, got "x"`],
    ['a time limit of nothing', { tiers: [{ storage: 'shared', timeLimit: 0 }] }, `node 'user': tiers[0].timeLimit: expected ${longer}, got 0`],
    ['a serializer that is none', { serializer: 'json' }, 'node \'user\': serializer: expected a serializer, like json() or structured(), got "json"'],
  ] // prettier-ignore
  for (const [what, options, message] of refused) {
    test(what, () => {
      const cache = createCache({ storages: storages() })
      expectRefused(() => cache.node({ name: 'user', load, ...options } as never), message)
      // A definition that was refused leaves nothing behind.
      expect([...cache.nodes().keys()]).toEqual([])
    })
  }

  test('a name that another node has', () => {
    const cache = createCache()
    cache.node({ name: 'user', load })
    expectRefused(
      () => cache.node({ name: 'user', load }),
      'node \'user\': expected a name that no other node of this cache has, got "user"',
    )
    expect(() => createCache().node({ name: 'user', load })).not.toThrow()
  })
})

describe('what a cache says, its nodes need not', () => {
  test('the longest said wins: node, tier, cache', async () => {
    const clock = virtualClock()
    const cache = createCache({ clock, ttl: '10s', storages: { local: memory({ clock }) } })
    const ofCache = cache.node({ name: 'cache', load: () => 'v' })
    const ofTier = cache.node({ name: 'tier', load: () => 'v', tiers: [{ storage: 'local', ttl: '20s' }] })
    const ofNode = cache.node({ name: 'node', load: () => 'v', ttl: '30s', tiers: [{ storage: 'local', ttl: '20s' }] })
    const forEver = cache.node({ name: 'ever', load: () => 'v', ttl: null })
    const nodes = [ofCache, ofTier, ofNode, forEver]
    await Promise.all(nodes.map((node) => node.get()))
    const left = (): (string | undefined)[] => nodes.map((node) => node.peek())
    clock.tick(9_999)
    expect(left()).toEqual(['v', 'v', 'v', 'v'])
    clock.tick(1)
    expect(left()).toEqual([undefined, 'v', 'v', 'v'])
    clock.tick(10_000)
    expect(left()).toEqual([undefined, undefined, 'v', 'v'])
    clock.tick(1e12)
    expect(left()).toEqual([undefined, undefined, undefined, 'v'])
  })

  test('keys are made from params as the cache says', async () => {
    const cache = createCache({ keys: keys.digest })
    const user = cache.node({ name: 'user', load: (id: { id: number }) => id })
    await user.get({ id: 1 })
    expect(await listed(user.keys())).toEqual([keys.digest([{ id: 1 }])])
  })

  test('the serializer of the cache is used by nodes that have none', async () => {
    const written: string[] = []
    const recording = {
      ...json(),
      encode(value: unknown) {
        written.push(JSON.stringify(value))
        return json().encode(value)
      },
    }
    const cache = createCache({ storages: { shared: simpleStorage() }, serializer: recording })
    const user = cache.node({ name: 'user', load: () => 'recorded' })
    const other = cache.node({ name: 'other', load: () => 'not recorded', serializer: json() })
    await Promise.all([user.get(), other.get()])
    await cache.idle()
    expect(written).toEqual(['"recorded"'])
    await cache.close()
  })

  test('memory comes first where no tiers are named, whatever the order of the storages', () => {
    const cache = createCache({ storages: { shared: simpleStorage(), local: memory() } })
    const user = cache.node({ name: 'user', load: () => 'v' })
    expect(user.stats().tiers.map(({ name }) => name)).toEqual(['local', 'shared'])
  })

  test('the options that were given are not touched', () => {
    const options = Object.freeze({
      storages: Object.freeze({ local: memory() }),
      tiers: Object.freeze([Object.freeze({ storage: 'local' as const })]),
      limits: Object.freeze({}),
    })
    const cache = createCache(options)
    expect(() => cache.node(Object.freeze({ name: 'user', load: () => 'v' }))).not.toThrow()
  })
})
