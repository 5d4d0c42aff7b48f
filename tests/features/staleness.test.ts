import { describe, expect, test } from 'vitest'
import { type Chance, createCache, memory } from 'tiercel'
import { seededChance, virtualClock, type VirtualClock } from 'tiercel/testing'
import { memoryScene, operationsOf, outcomeOf, scene, soon, storedIn, storyOf, times, wait, watch } from './scene.ts'

const byId = { name: 'n', key: (id: string) => id } as const

/** A source that can be slow or down, and numbers what it gives. */
function source(clock: VirtualClock) {
  const it = {
    loads: 0,
    takes: 0,
    isDown: false,
    load: async () => {
      const number = ++it.loads
      if (it.takes > 0) await wait(clock, it.takes)
      if (it.isDown) throw new Error(`failure ${number}`)
      return number
    },
  }
  return it
}

describe('staleWhileRevalidate', () => {
  test('loads behind with the load that the call brought, where there is no other', async () => {
    const { cache, clock } = memoryScene()
    const it = source(clock)
    const failures: unknown[] = []
    cache.on('loadFailure', ({ error }) => failures.push(error))
    const loadless = cache.node<string, number>({ ...byId, ttl: 1_000, staleWhileRevalidate: 1_000 })
    const plain = () => cache.getOrLoad('k', it.load, { ttl: 1_000, staleWhileRevalidate: 1_000 })
    const ofNode = () => loadless.get('a', { load: it.load, signal: new AbortController().signal })
    for (const read of [plain, ofNode]) {
      it.loads = 0
      expect(await read()).toBe(1)
      await clock.advance(1_500)
      expect(await read()).toBe(1)
      await clock.advance(0)
      expect(await read()).toBe(2)
    }
    expect(failures).toEqual([])
  })

  test.each(['two tiers', 'memory'])('serves the stale value while exactly one load runs behind: %s', async (where) => {
    const { cache, clock } = where === 'memory' ? memoryScene() : scene({ copyTtl: 3_600_000 })
    const story = storyOf(cache)
    const it = source(clock)
    const node = cache.node({ ...byId, load: it.load, ttl: 1_000, staleWhileRevalidate: 1_000 })
    await soon(clock, node.get('a'))
    await clock.advance(1_500)
    it.takes = 100
    const stale = await soon(clock, Promise.all(Array.from({ length: 100 }, () => node.get('a'))))
    expect(new Set(stale)).toEqual(new Set([1]))
    expect(await soon(clock, node.get('a'))).toBe(1)
    await clock.advance(100)
    expect(await node.get('a')).toBe(2)
    expect(it.loads).toBe(2)
    expect(story.filter((line) => !line.includes('stale') && !line.includes('write'))).toEqual([
      'a: miss',
      'a: load',
      'a: load',
      'a: hit local',
    ])
    expect(node.stats()).toMatchObject({ requestCount: 103, hitCount: 102, missCount: 1, staleCount: 101 })
  })

  test('serves what is stale in a lower tier too', async () => {
    const the = scene({ copyTtl: 10 })
    const { cache, clock } = the
    const it = source(clock)
    const node = cache.node({ ...byId, load: it.load, ttl: 1_000, staleWhileRevalidate: 1_000 })
    await soon(clock, node.get('a'))
    await clock.advance(1_500)
    it.takes = 100
    const outcomes = watch(clock, [node.get('a'), node.get('a')])
    await clock.advance(50)
    const late = outcomeOf(clock, node.get('a'))
    await clock.advance(50)
    expect(outcomes).toEqual(times(2, { value: 1, after: 0 }))
    expect(await late).toEqual({ value: 1, after: 0 })
    expect(await node.get('a')).toBe(2)
    expect(it.loads).toBe(2)
  })

  test('counts its window from the moment of staleness, and after it callers wait', async () => {
    const { cache, clock } = memoryScene()
    const it = source(clock)
    const node = cache.node({ ...byId, load: it.load, ttl: 1_000, staleWhileRevalidate: 500 })
    await soon(clock, node.get('a'))
    await clock.advance(1_499)
    it.isDown = true
    expect(await soon(clock, node.get('a'))).toBe(1)
    await clock.advance(1)
    it.isDown = false
    it.takes = 100
    const waited = outcomeOf(clock, node.get('a'))
    await clock.advance(100)
    expect(await waited).toEqual({ value: 3, after: 100 })
  })

  test('may be Infinity: then nobody ever waits again', async () => {
    const { cache, clock, server } = scene({ copyTtl: 10 })
    const it = source(clock)
    const node = cache.node({ ...byId, load: it.load, ttl: 1_000, staleWhileRevalidate: Infinity })
    await soon(clock, node.get('a'))
    await clock.advance(365 * 86_400_000)
    it.takes = 100
    expect(await soon(clock, node.get('a'))).toBe(1)
    await clock.advance(100)
    expect(await soon(clock, node.get('a'))).toBe(2)
    expect(await storedIn(server, 'tiercel:n:a')).toBe(2)
  })

  test('a refresh behind that fails is told to nobody who asked, and the next caller starts another', async () => {
    const { cache, clock } = memoryScene()
    const story = storyOf(cache)
    const it = source(clock)
    const node = cache.node({ ...byId, load: it.load, ttl: 1_000, staleWhileRevalidate: '1h' })
    await soon(clock, node.get('a'))
    await clock.advance(1_500)
    it.isDown = true
    expect(await soon(clock, node.get('a'))).toBe(1)
    it.isDown = false
    expect(await soon(clock, node.get('a'))).toBe(1)
    expect(await node.get('a')).toBe(3)
    expect(story.filter((line) => line.includes('load'))).toEqual(['a: load', 'a: load failed: failure 2', 'a: load'])
  })

  test('after expire too, which makes a fresh value stale at once', async () => {
    const { cache, clock } = scene()
    const it = source(clock)
    const node = cache.node({ ...byId, load: it.load, ttl: '1h', staleWhileRevalidate: 500 })
    await soon(clock, node.get('a'))
    await clock.advance(10_000)
    await node.expire('a')
    expect(await soon(clock, node.get('a'))).toBe(1)
    expect(await node.get('a')).toBe(2)

    await node.expire('a')
    await clock.advance(500)
    it.takes = 10
    const waited = outcomeOf(clock, node.get('a'))
    await clock.advance(10)
    expect(await waited).toEqual({ value: 3, after: 10 })
  })

  test('does not serve what memory keeps beyond its copy ttl: the authority may know better', async () => {
    const the = scene({ copyTtl: 100 })
    const { cache, clock } = the
    const it = source(clock)
    const node = cache.node({ ...byId, load: it.load, ttl: 1_000, staleWhileRevalidate: '1h' })
    await soon(clock, node.get('a'))
    await the
      .another()
      .cache.node({ ...byId, load: it.load, ttl: '1h' })
      .set('a', 50)
    await clock.advance(100)
    expect(await soon(clock, node.get('a'))).toBe(50)
  })
})

describe('staleIfError', () => {
  test.each(['two tiers', 'memory'])(
    'serves the stale value when the load fails, within its window: %s',
    async (where) => {
      const { cache, clock } = where === 'memory' ? memoryScene() : scene({ copyTtl: 10 })
      const story = storyOf(cache)
      const it = source(clock)
      const node = cache.node({ ...byId, load: it.load, ttl: 1_000, staleIfError: 1_000 })
      await soon(clock, node.get('a'))
      await clock.advance(1_999)
      it.isDown = true
      expect(await soon(clock, node.get('a'))).toBe(1)
      await clock.advance(1)
      await expect(soon(clock, node.get('a'))).rejects.toThrow('failure 3')
      expect(node.stats()).toMatchObject({ staleCount: 1, loadFailureCount: 2 })
      expect(story).toContain('a: load failed: failure 2')
    },
  )

  test('waits for the load before it does, and serves what that brings', async () => {
    const { cache, clock } = memoryScene()
    const it = source(clock)
    const node = cache.node({ ...byId, load: it.load, ttl: 1_000, staleIfError: '1h' })
    await soon(clock, node.get('a'))
    await clock.advance(1_500)
    it.takes = 100
    expect(node.peek('a')).toBeUndefined()
    const fresh = outcomeOf(clock, node.get('a'))
    await clock.advance(100)
    expect(await fresh).toEqual({ value: 2, after: 100 })
  })

  test('covers a load that passed its hard limit', async () => {
    const { cache, clock } = memoryScene()
    const it = source(clock)
    const node = cache.node({ ...byId, load: it.load, ttl: 1_000, staleIfError: '1h', limits: { hard: 200 } })
    await soon(clock, node.get('a'))
    await clock.advance(1_500)
    it.takes = 10_000
    const outcome = outcomeOf(clock, node.get('a'))
    await clock.advance(200)
    expect(await outcome).toEqual({ value: 1, after: 200 })
  })
})

describe('limits.soft', () => {
  test.each(['two tiers', 'memory'])(
    'serves what is stale after so long, and what the load brings is written: %s',
    async (where) => {
      const { cache, clock } = where === 'memory' ? memoryScene() : scene({ copyTtl: 3_600_000 })
      const it = source(clock)
      const node = cache.node({ ...byId, load: it.load, ttl: 1_000, staleIfError: '1h', limits: { soft: 50 } })
      await soon(clock, node.get('a'))
      await clock.advance(1_500)
      it.takes = 200
      const outcomes = watch(clock, [node.get('a'), node.get('a')])
      await clock.advance(50)
      expect(outcomes).toEqual(times(2, { value: 1, after: 50 }))
      await clock.advance(150)
      expect(await node.get('a')).toBe(2)
      expect(it.loads).toBe(2)
    },
  )

  test('has nothing to serve where there is nothing stale', async () => {
    const { cache, clock } = memoryScene()
    const it = source(clock)
    it.takes = 200
    const node = cache.node({ ...byId, load: it.load, limits: { soft: 50 } })
    const outcome = outcomeOf(clock, node.get('a'))
    await clock.advance(200)
    expect(await outcome).toEqual({ value: 1, after: 200 })
  })
})

describe('errorTtl', () => {
  test('holds for calls that bring the only load there is, not for one that brings another', async () => {
    const { cache, clock } = memoryScene()
    const it = source(clock)
    it.isDown = true
    const plain = () => cache.getOrLoad('k', it.load, { errorTtl: 1_000 })
    await expect(plain()).rejects.toThrow('failure 1')
    await expect(plain()).rejects.toThrow('failure 1')
    const node = cache.node({ ...byId, load: it.load, errorTtl: 1_000 })
    await expect(node.get('a')).rejects.toThrow('failure 2')
    await expect(node.get('a')).rejects.toThrow('failure 2')
    expect(await node.get('a', { load: () => 7 })).toBe(7)
    await expect(node.get('b')).rejects.toThrow('failure 3')
    expect(await node.getMany(['b'], { loadMany: () => [8] })).toEqual([8])
  })

  test('remembers an error for so long, in this process only', async () => {
    const the = scene()
    const { clock } = the
    const it = source(clock)
    it.isDown = true
    const terms = { ...byId, load: it.load, errorTtl: 1_000 }
    const node = the.cache.node(terms)
    await expect(soon(clock, node.get('a'))).rejects.toThrow('failure 1')
    await clock.advance(999)
    await expect(soon(clock, node.get('a'))).rejects.toThrow('failure 1')
    await expect(soon(clock, the.another().cache.node(terms).get('a'))).rejects.toThrow('failure 2')
    await clock.advance(1)
    it.isDown = false
    expect(await soon(clock, node.get('a'))).toBe(3)
  })

  test.each(['invalidate', 'expire', 'set', 'refresh', 'invalidateAll', 'clear'] as const)(
    '%s clears it',
    async (change) => {
      const { cache, clock } = scene()
      const it = source(clock)
      it.isDown = true
      const node = cache.node({ ...byId, load: it.load, errorTtl: '1h' })
      await expect(soon(clock, node.get('a'))).rejects.toThrow('failure 1')
      it.isDown = false
      if (change === 'set') await node.set('a', 50)
      else if (change === 'clear') await cache.clear()
      else if (change === 'invalidateAll') await node.invalidateAll()
      else await soon(clock, Promise.resolve(node[change]('a')))
      expect(await soon(clock, node.get('a'))).toBe(change === 'set' ? 50 : 2)
    },
  )

  test('is not for a load that an invalidation has overtaken', async () => {
    const { cache, clock } = memoryScene()
    const it = source(clock)
    it.isDown = true
    it.takes = 100
    const node = cache.node({ ...byId, load: it.load, errorTtl: '1h' })
    const first = outcomeOf(clock, node.get('a'))
    await clock.advance(50)
    await node.invalidate('a')
    await clock.advance(50)
    expect(await first).toMatchObject({ error: { message: 'failure 1' } })
    it.isDown = false
    it.takes = 0
    expect(await soon(clock, node.get('a'))).toBe(2)
  })

  test('does not hide a stale value that may be served', async () => {
    const { cache, clock } = memoryScene()
    const it = source(clock)
    const node = cache.node({ ...byId, load: it.load, ttl: 100, staleIfError: '1h', errorTtl: '1m' })
    await soon(clock, node.get('a'))
    await clock.advance(200)
    it.isDown = true
    expect(await soon(clock, node.get('a'))).toBe(1)
    expect(await soon(clock, node.get('a'))).toBe(1)
  })

  test('a call with a load of its own is not told of the node’s error', async () => {
    const { cache, clock } = memoryScene()
    const it = source(clock)
    it.isDown = true
    const node = cache.node({ ...byId, load: it.load, errorTtl: '1h' })
    await expect(soon(clock, node.get('a'))).rejects.toThrow()
    expect(await soon(clock, node.get('a', { load: () => 9 }))).toBe(9)
  })
})

describe('how long a value is fresh', () => {
  test('is told by the node, else the last tier, else the cache, else 5 minutes', async () => {
    const clock = virtualClock()
    const freshFor = async (cache: ReturnType<typeof cacheOf>, ttl?: number): Promise<number> => {
      const node = cache.node({ ...byId, load: () => 1, ttl })
      await soon(clock, node.get('a'))
      const from = clock.now()
      while (node.peek('a') !== undefined) clock.tick(1_000)
      return clock.now() - from
    }
    const cacheOf = (tierTtl?: number, ttl?: number) =>
      createCache({ clock, storages: { local: memory({ clock }) }, tiers: [{ storage: 'local', ttl: tierTtl }], ttl })
    expect(await freshFor(cacheOf(2_000, 3_000), 1_000)).toBe(1_000)
    expect(await freshFor(cacheOf(2_000, 3_000))).toBe(2_000)
    expect(await freshFor(cacheOf(undefined, 3_000))).toBe(3_000)
    expect(await freshFor(cacheOf())).toBe(300_000)
  })

  test('may follow from the params and the value', async () => {
    const { cache, clock } = memoryScene()
    const node = cache.node({
      ...byId,
      load: (id) => ({ id, seconds: 2 }),
      ttl: (id, { seconds }) => (id === 'for ever' ? null : `${seconds}s`),
    })
    await soon(clock, node.getMany(['a', 'for ever']))
    await clock.advance(1_999)
    expect(node.peek('a')).toBeDefined()
    await clock.advance(1)
    expect(node.peek('a')).toBeUndefined()
    await clock.advance(365 * 86_400_000)
    expect(node.peek('for ever')).toBeDefined()
  })

  test('is nullTtl for null', async () => {
    const { cache, clock } = scene()
    let loads = 0
    const node = cache.node<string, number | null>({
      ...byId,
      load: (id) => (++loads, id === 'none' ? null : 1),
      ttl: '1h',
      nullTtl: 1_000,
    })
    await soon(clock, node.getMany(['none', 'some']))
    await clock.advance(999)
    expect(await soon(clock, node.getMany(['none', 'some']))).toEqual([null, 1])
    expect(loads).toBe(2)
    await clock.advance(1)
    expect(await soon(clock, node.getMany(['none', 'some']))).toEqual([null, 1])
    expect(loads).toBe(3)
  })

  test('is shortened by jitter, never lengthened', async () => {
    const chance = seededChance('jitter')
    const { cache, clock } = memoryScene({ chance })
    const node = cache.node({ name: 'n', key: (id: number) => id, load: (id) => id, ttl: 10_000, jitter: 0.3 })
    const ids = Array.from({ length: 500 }, (_, id) => id)
    await soon(clock, node.getMany(ids))
    const left = (): number => ids.filter((id) => node.peek(id) !== undefined).length
    await clock.advance(6_999)
    expect(left()).toBe(500)
    await clock.advance(1_501)
    expect(left()).toBeGreaterThan(150)
    expect(left()).toBeLessThan(350)
    await clock.advance(1_500)
    expect(left()).toBe(0)
  })

  test('is a millisecond at least, whatever the jitter takes', async () => {
    const unlucky: Chance = { ...seededChance(1), fraction: () => 0.999_999 }
    const { cache, clock } = memoryScene({ chance: unlucky })
    const node = cache.node({ ...byId, load: (id) => id, ttl: 10, jitter: 1 })
    await soon(clock, node.get('a'))
    expect(node.peek('a')).toBe('a')
  })

  test.each([1, 7, 250, 999])('DEFECTS 28: may be as short as %s ms', async (ttl) => {
    const { cache, clock } = scene()
    let loads = 0
    const node = cache.node({ ...byId, load: () => ++loads, ttl })
    await soon(clock, node.get('a'))
    await clock.advance(ttl - 1)
    expect(await soon(clock, node.get('a'))).toBe(1)
    await clock.advance(1)
    expect(await soon(clock, node.get('a'))).toBe(2)
  })

  test('DEFECTS 28: counts anew when the entry is set anew: an old expiry does not end it', async () => {
    const { cache, clock } = scene({ copyTtl: 3_600_000 })
    const node = cache.node<string, number>({ ...byId, load: () => 0, ttl: 1_000 })
    await node.set('a', 1)
    await clock.advance(900)
    await node.set('a', 2)
    await clock.advance(900)
    expect(node.peek('a')).toBe(2)
    expect(await soon(clock, node.get('a'))).toBe(2)
    await clock.advance(100)
    expect(await soon(clock, node.get('a'))).toBe(0)
  })
})

describe('maxAge', () => {
  test('is how old an answer may be: a fresh entry that is older is loaded anew', async () => {
    const { cache, clock, shared } = scene()
    const it = source(clock)
    const node = cache.node({ ...byId, load: it.load, ttl: '1h' })
    await soon(clock, node.get('a'))
    await clock.advance(1_000)
    operationsOf(shared)
    expect(await soon(clock, node.get('a', { maxAge: 1_000 }))).toBe(1)
    expect(operationsOf(shared)).toEqual([])
    await clock.advance(1)
    expect(await soon(clock, node.get('a', { maxAge: '1s' }))).toBe(2)
    expect(await node.get('a')).toBe(2)
  })

  test('refuses what a load under way finds in a tier, and all who refuse it share one load', async () => {
    const the = scene()
    const { clock } = the
    const it = source(clock)
    const terms = { ...byId, load: it.load, ttl: '1h' } as const
    await soon(clock, the.another().cache.node(terms).get('a'))
    await clock.advance(1_000)
    const node = the.cache.node(terms)
    the.shared.slow('getMany', 100, { times: 1 })
    it.takes = 50
    const outcomes = watch(clock, [node.get('a'), ...Array.from({ length: 10 }, () => node.get('a', { maxAge: 100 }))])
    await clock.advance(1_000)
    expect(outcomes[0]).toEqual({ value: 1, after: 100 })
    expect(outcomes.slice(1)).toEqual(times(10, { value: 2, after: 150 }))
    expect(it.loads).toBe(2)
    expect(node.stats()).toMatchObject({ requestCount: 11 })
  })

  test('accepts what is loaded after it was asked for, however long that took to come', async () => {
    const { cache, clock } = scene()
    const it = source(clock)
    it.takes = 500
    const node = cache.node({ ...byId, load: it.load })
    const first = node.get('a').then(() => clock.tick(5))
    const outcomes = watch(clock, [node.get('a', { maxAge: 0 }), node.get('a', { maxAge: 0 })])
    await clock.advance(2_000)
    await first
    expect(outcomes).toEqual(times(2, { value: 1, after: 505 }))
  })

  test('holds for stale answers and for stale-on-error too', async () => {
    const { cache, clock } = memoryScene()
    const it = source(clock)
    const node = cache.node({ ...byId, load: it.load, ttl: 100, staleWhileRevalidate: '1h', staleIfError: '1h' })
    await soon(clock, node.get('a'))
    await clock.advance(1_000)
    it.isDown = true
    await expect(soon(clock, node.get('a', { maxAge: 500 }))).rejects.toThrow('failure 2')
    expect(await soon(clock, node.get('a', { maxAge: 5_000 }))).toBe(1)
  })

  test('that is nonsense is refused', async () => {
    const { cache } = memoryScene()
    const node = cache.node({ ...byId, load: () => 1 })
    await expect(node.get('a', { maxAge: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})

describe('a load of one call', () => {
  test('is used instead of the node’s, and what it brings is kept', async () => {
    const { cache, clock } = scene()
    const node = cache.node({ ...byId, load: () => 'node' })
    expect(await soon(clock, node.get('a', { load: (id) => `call ${id}` }))).toBe('call a')
    expect(await node.get('a')).toBe('call a')
    expect(await soon(clock, node.refresh('a', { load: () => 'again' }))).toBe('again')
    expect(await node.get('a')).toBe('again')
  })

  test('is needed by a node that has none', async () => {
    const { cache, clock } = scene()
    const node = cache.node<string, string>(byId)
    // @ts-expect-error: the types say so too
    await expect(soon(clock, node.get('a'))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(await soon(clock, node.get('a', { load: (id) => id }))).toBe('a')
    expect(await soon(clock, node.getMany(['a', 'b'], { load: (id) => id }))).toEqual(['a', 'b'])
  })
})
