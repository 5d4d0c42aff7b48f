import { expect, test } from 'vitest'
import { createCache, memory } from 'tiercel'
import { faultyStorage, simpleStorage, virtualClock } from 'tiercel/testing'
import { memoryScene, outcomeOf, scene, storyOf, times, wait, watch } from './scene.ts'

test('a thousand callers of one key cost one load', async () => {
  const { cache, clock } = scene()
  let loads = 0
  const node = cache.node({
    name: 'n',
    key: (id: string) => id,
    load: async (id) => {
      loads++
      await wait(clock, 50)
      return { id }
    },
  })
  const calls = Array.from({ length: 1_000 }, () => node.get('a'))
  await clock.advance(50)
  const values = await Promise.all(calls)
  expect(loads).toBe(1)
  expect(new Set(values)).toEqual(new Set([{ id: 'a' }]))
  expect(node.stats()).toMatchObject({ requestCount: 1_000, missCount: 1_000, coalescedCount: 999, loadCount: 1 })
})

test('DEFECTS 1: when the loader throws, all who wait get that error once, and the next call loads', async () => {
  const { cache, clock } = memoryScene()
  const story = storyOf(cache)
  const error = new Error('the source is down')
  let isDown = true
  const node = cache.node({
    name: 'n',
    key: (id: string) => id,
    load: async () => {
      await wait(clock, 10)
      if (isDown) throw error
      return 'well'
    },
  })
  const outcomes = watch(
    clock,
    Array.from({ length: 5 }, () => node.get('a')),
  )
  await clock.advance(10)
  expect(outcomes).toEqual(times(5, { error, after: 10 }))

  isDown = false
  const again = node.get('a')
  await clock.advance(10)
  expect(await again).toBe('well')
  expect(story).toEqual([...times(5, 'a: miss'), 'a: load failed: the source is down', 'a: miss', 'a: load'])
})

test('DEFECTS 1: a loader that throws without a promise harms no more than one that rejects', async () => {
  const { cache } = memoryScene()
  let calls = 0
  const node = cache.node({
    name: 'n',
    load: (): string => {
      calls++
      if (calls === 1) throw new Error('at once')
      return 'well'
    },
  })
  await expect(node.get()).rejects.toThrow('at once')
  expect(await node.get()).toBe('well')
})

test('DEFECTS 2: when the leading caller gives up, the load goes on for the others', async () => {
  const { cache, clock } = scene()
  let isAborted = false
  const node = cache.node({
    name: 'n',
    key: (id: string) => id,
    load: async (id, { signal }) => {
      signal.addEventListener('abort', () => (isAborted = true))
      await wait(clock, 50)
      return id.toUpperCase()
    },
  })
  const leaving = new AbortController()
  const reason = new Error('the user went away')
  const outcomes = watch(clock, [node.get('a', { signal: leaving.signal }), node.get('a'), node.get('a')])
  await clock.advance(20)
  leaving.abort(reason)
  await clock.advance(30)
  expect(outcomes).toEqual([
    { error: reason, after: 20 },
    { value: 'A', after: 50 },
    { value: 'A', after: 50 },
  ])
  expect(isAborted).toBe(false)
  await cache.idle()
  expect(node.peek('a')).toBe('A')
})

test('when all callers give up, the load is told, nothing is written and the key is free', async () => {
  const { cache, clock, shared } = scene()
  let loads = 0
  const reasons: unknown[] = []
  const node = cache.node({
    name: 'n',
    key: (id: string) => id,
    load: async (_, { signal }) => {
      const number = ++loads
      signal.addEventListener('abort', () => reasons.push((signal.reason as Error).name))
      await wait(clock, 50)
      return number
    },
  })
  const leaving = new AbortController()
  const outcomes = watch(clock, [node.get('a', { signal: leaving.signal }), node.get('a', { signal: leaving.signal })])
  await clock.advance(20)
  leaving.abort(new Error('gone'))
  await clock.advance(0)
  expect(outcomes.map((outcome) => outcome !== 'under way' && 'error' in outcome)).toEqual([true, true])
  expect(reasons).toEqual(['AbortError'])

  const next = outcomeOf(clock, node.get('a'))
  await clock.advance(50)
  expect(await next).toEqual({ value: 2, after: 50 })
  await clock.advance(1_000)
  expect(await node.get('a')).toBe(2)
  expect(shared.calls.filter(({ operation }) => operation === 'fulfilMany')).toHaveLength(1)
})

test('a load that nobody waits for any more when its turn comes is not begun', async () => {
  const { cache, clock, shared } = scene()
  let loads = 0
  const node = cache.node({ name: 'n', key: (id: string) => id, load: () => ++loads })
  shared.slow('getMany', 100)
  const leaving = new AbortController()
  const outcome = outcomeOf(clock, node.get('a', { signal: leaving.signal }))
  await clock.advance(50)
  leaving.abort(new Error('gone'))
  await clock.advance(1_000)
  expect(await outcome).toMatchObject({ after: 50 })
  expect(loads).toBe(0)
})

test('a call whose signal is aborted already fails with its reason and loads nothing', async () => {
  const { cache, clock } = scene()
  let loads = 0
  const node = cache.node({ name: 'n', key: (id: string) => id, load: () => ++loads })
  const reason = new Error('too late')
  await expect(node.get('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  await clock.advance(1_000)
  expect(loads).toBe(0)
})

test('DEFECTS 3: a thousand callers of a failing loader cost one load, and the next call another', async () => {
  const { cache, clock } = scene()
  let loads = 0
  const node = cache.node({
    name: 'n',
    key: (id: string) => id,
    load: async () => {
      loads++
      await wait(clock, 50)
      throw new Error(`failure ${loads}`)
    },
  })
  const outcomes = watch(
    clock,
    Array.from({ length: 1_000 }, () => node.get('a')),
  )
  await clock.advance(50)
  const errors = outcomes.map((outcome) => outcome !== 'under way' && 'error' in outcome && outcome.error)
  expect(new Set(errors).size).toBe(1)
  expect(errors[0]).toMatchObject({ message: 'failure 1' })
  expect(loads).toBe(1)

  const next = outcomeOf(clock, node.get('a'))
  await clock.advance(50)
  expect(await next).toMatchObject({ error: { message: 'failure 2' }, after: 50 })
})

test.each(['with leases', 'without'])(
  'DEFECTS 4: whoever comes while the value is still being written joins, so loads equal distinct keys: %s',
  async (which) => {
    const clock = virtualClock()
    const server = simpleStorage({ clock })
    const { leases: _, ...without } = server.capabilities
    const capabilities = which === 'without' ? without : server.capabilities
    const shared = faultyStorage({ ...server, capabilities }, { clock })
    const cache = createCache({ clock, storages: { local: memory({ clock }), shared } })
    shared.slow('getMany', 3)
    shared.slow('claimMany', 5)
    shared.slow('fulfilMany', 40)
    shared.slow('setMany', 40)
    let loads = 0
    const node = cache.node({
      name: 'n',
      key: (id: number) => id,
      load: async (id) => {
        loads++
        await wait(clock, 7)
        return id
      },
    })
    const calls: Promise<number>[] = []
    for (let moment = 0; moment < 80; moment++) {
      for (let id = 0; id < 10; id++) calls.push(node.get(id))
      await clock.advance(1)
    }
    await clock.advance(100)
    await Promise.all(calls)
    expect(loads).toBe(10)
  },
)

test('DEFECTS 5: a loader that never settles frees its callers and its key at the hard limit', async () => {
  const { cache, clock, shared } = scene()
  let loads = 0
  const signals: AbortSignal[] = []
  const node = cache.node({
    name: 'n',
    key: (id: string) => id,
    load: (_, { signal }) => {
      signals.push(signal)
      loads++
      return loads === 1 ? new Promise<string>(() => {}) : 'well'
    },
    limits: { hard: '2s' },
  })
  const outcomes = watch(clock, [node.get('a'), node.get('a')])
  await clock.advance(1_999)
  expect(outcomes).toEqual(['under way', 'under way'])
  await clock.advance(1)
  expect(outcomes).toMatchObject([
    { error: { code: 'LOAD_TIMEOUT' }, after: 2_000 },
    { error: { code: 'LOAD_TIMEOUT' }, after: 2_000 },
  ])
  expect(signals[0]?.aborted).toBe(true)
  expect(node.stats().detachedLoadCount).toBe(1)

  // The lease has been given back too: nobody has to wait for it to run out.
  const next = outcomeOf(clock, node.get('a'))
  await clock.advance(0)
  expect(await next).toEqual({ value: 'well', after: 0 })
  expect(shared.calls.filter(({ operation }) => operation === 'fulfilMany')).toHaveLength(1)
})

test('DEFECTS 5: loads that passed their limit and still run are capped', async () => {
  const { cache, clock } = memoryScene()
  const hanging: (() => void)[] = []
  const node = cache.node({
    name: 'n',
    key: (id: number) => id,
    load: (id) => new Promise<number>((resolve) => hanging.push(() => resolve(id))),
    limits: { hard: 100, detached: 3 },
  })
  const first = watch(clock, [node.get(1), node.get(2), node.get(3)])
  await clock.advance(100)
  expect(first).toMatchObject(times(3, { error: { code: 'LOAD_TIMEOUT' } }))
  await expect(node.get(4)).rejects.toMatchObject({ code: 'LOAD_OVERLOADED' })
  expect(hanging).toHaveLength(3)

  hanging[0]?.()
  await clock.advance(0)
  const next = node.get(4)
  await clock.advance(0)
  hanging[3]?.()
  expect(await next).toBe(4)
})

test('what a load brings after its hard limit is not kept', async () => {
  const { cache, clock } = memoryScene()
  let loads = 0
  const node = cache.node({
    name: 'n',
    load: async () => {
      const number = ++loads
      await wait(clock, number === 1 ? 500 : 0)
      return number
    },
    limits: { hard: 100 },
  })
  const first = outcomeOf(clock, node.get())
  await clock.advance(1_000)
  expect(await first).toMatchObject({ error: { code: 'LOAD_TIMEOUT' } })
  expect(node.peek()).toBeUndefined()
  const second = node.get()
  await clock.advance(0)
  expect(await second).toBe(2)
})

test('no more loads run at once than the concurrency allows; the others wait in line', async () => {
  const { cache, clock } = memoryScene()
  let running = 0
  const most: number[] = []
  const order: number[] = []
  const node = cache.node({
    name: 'n',
    key: (id: number) => id,
    load: async (id) => {
      most.push(++running)
      order.push(id)
      await wait(clock, 10)
      running--
      if (id === 1) throw new Error('one of them fails')
      return id
    },
    limits: { concurrency: 2 },
  })
  const outcomes = watch(
    clock,
    [0, 1, 2, 3, 4].map((id) => node.get(id)),
  )
  await clock.advance(100)
  expect(Math.max(...most)).toBe(2)
  expect(order).toEqual([0, 1, 2, 3, 4])
  expect(outcomes).toMatchObject([{ after: 10 }, { after: 10 }, { after: 20 }, { after: 20 }, { after: 30 }])
})

test('a load that all its callers gave up while it stood in line is not begun', async () => {
  const { cache, clock } = memoryScene()
  const begun: number[] = []
  const node = cache.node({
    name: 'n',
    key: (id: number) => id,
    load: async (id) => {
      begun.push(id)
      await wait(clock, 100)
      return id
    },
    limits: { concurrency: 1 },
  })
  const leaving = new AbortController()
  const outcomes = watch(clock, [node.get(1), node.get(2, { signal: leaving.signal }), node.get(3)])
  await clock.advance(10)
  leaving.abort(new Error('gone'))
  await clock.advance(500)
  expect(begun).toEqual([1, 3])
  expect(outcomes).toMatchObject([{ value: 1 }, { after: 10 }, { value: 3, after: 200 }])
})

test('refreshes that nobody waits for are not aborted by those who joined and left', async () => {
  const { cache, clock } = memoryScene()
  let loads = 0
  const node = cache.node({
    name: 'n',
    load: async () => {
      const number = ++loads
      await wait(clock, 50)
      return number
    },
    ttl: 100,
    staleWhileRevalidate: 100,
  })
  const first = node.get()
  await clock.advance(50)
  await first
  await clock.advance(150)
  expect(await node.get()).toBe(1)
  const leaving = new AbortController()
  const outcome = outcomeOf(clock, node.get(undefined, { signal: leaving.signal, maxAge: 10 }))
  leaving.abort(new Error('gone'))
  await clock.advance(50)
  expect(await outcome).toMatchObject({ error: { message: 'gone' } })
  expect(await node.get()).toBe(2)
})
