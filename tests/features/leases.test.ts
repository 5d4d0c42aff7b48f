import { expect, test } from 'vitest'
import { createCache } from 'tiercel'
import { simpleStorage, virtualClock } from 'tiercel/testing'
import { operationsOf, outcomeOf, scene, type Scene, storedIn, storyOf, times, wait, watch } from './scene.ts'

/** A node whose loads take their time and say who loaded. */
function slowNode({ cache, clock }: Pick<Scene, 'cache' | 'clock'>, who: string, takes: number) {
  let loads = 0
  return cache.node({
    name: 'n',
    key: (id: string) => id,
    load: async () => {
      const number = ++loads
      await wait(clock, takes)
      return `${who} ${number}`
    },
    lease: { ttl: '9s', wait: '2s', retryEvery: 100 },
  })
}

test('of two processes one loads, and the other is served its result', async () => {
  const ours = scene()
  const theirs = ours.another()
  const story = storyOf(theirs.cache)
  const { clock } = ours
  const first = slowNode(ours, 'ours', 250)
  const second = slowNode(theirs, 'theirs', 250)
  const outcomes = watch(clock, [first.get('a'), second.get('a'), second.get('a')])
  await clock.advance(1_000)
  expect(outcomes).toEqual([
    { value: 'ours 1', after: 250 },
    { value: 'ours 1', after: 300 },
    { value: 'ours 1', after: 300 },
  ])
  expect(second.stats()).toMatchObject({ loadCount: 0, missCount: 2, coalescedCount: 2, unleasedLoadCount: 0 })
  expect(story).toEqual(['a: miss', 'a: miss'])
  expect(await second.get('a')).toBe('ours 1')
  expect(operationsOf(theirs.shared)).toEqual(['getMany', ...times(4, 'claimMany'), 'releaseMany'])
})

test('DEFECTS 8: when the holder is slower than the wait budget there is one writer, and the others are bounded and counted', async () => {
  const holder = scene()
  const { clock, server } = holder
  const slow = slowNode(holder, 'holder', 6_000)
  const others = Array.from({ length: 20 }, () => holder.another())
  const nodes = others.map((other, index) => slowNode(other, `other ${index}`, 300))
  const result = outcomeOf(clock, slow.get('a'))
  await clock.advance(0)
  const outcomes = watch(
    clock,
    nodes.flatMap((node) => [node.get('a'), node.get('a')]),
  )
  await clock.advance(2_299)
  expect(new Set(outcomes)).toEqual(new Set(['under way']))
  await clock.advance(1)
  expect(outcomes).toEqual(nodes.flatMap((_, index) => times(2, { value: `other ${index} 1`, after: 2_300 })))
  await clock.advance(3_700)
  expect(await result).toEqual({ value: 'holder 1', after: 6_000 })
  expect(await storedIn(server, 'tiercel:n:a')).toBe('holder 1')
  for (const [index, node] of nodes.entries()) {
    expect(node.stats()).toMatchObject({ loadCount: 1, unleasedLoadCount: 1 })
    expect(operationsOf(others[index]!.shared)).not.toContain('fulfilMany')
    expect(operationsOf(others[index]!.shared)).not.toContain('setMany')
  }
})

test('a lease is renewed for as long as its load runs', async () => {
  const ours = scene()
  const { clock, shared } = ours
  const theirs = slowNode(ours.another(), 'theirs', 0)
  const node = slowNode(ours, 'ours', 30_000)
  const first = outcomeOf(clock, node.get('a'))
  await clock.advance(28_500)
  const late = outcomeOf(clock, theirs.get('a'))
  await clock.advance(2_000)
  expect(await first).toEqual({ value: 'ours 1', after: 30_000 })
  expect(await late).toEqual({ value: 'ours 1', after: 1_500 })
  const operations = operationsOf(shared)
  expect(operations.filter((operation) => operation === 'renewMany')).toHaveLength(9)
  expect(operations.at(-1)).toBe('fulfilMany')
  // The watch over the time limits of calls runs out when it has nothing to watch.
  await clock.advance(1_000)
  expect(clock.timerCount).toBe(0)
})

test('DEFECTS 9: who lost the lease neither writes nor takes it from the one who has it now', async () => {
  const ours = scene()
  const { clock, server, shared } = ours
  const story = storyOf(ours.cache)
  const late = slowNode(ours, 'late', 20_000)
  const prompt = slowNode(ours.another(), 'prompt', 12_000)
  shared.hang('renewMany')
  const first = outcomeOf(clock, late.get('a'))
  await clock.advance(9_000)
  // The lease has run out; somebody else takes it and is still at work when the first comes back.
  const second = outcomeOf(clock, prompt.get('a'))
  await clock.advance(11_000)
  expect(await first).toMatchObject({ value: 'late 1', after: 20_000 })
  expect(await storedIn(server, 'tiercel:n:a')).toBeUndefined()
  expect(story.at(-1)).toBe('a: write refused by lease')
  expect(late.stats().refusedWriteCount).toBe(1)

  const third = slowNode(ours.another(), 'third', 0)
  const waiting = outcomeOf(clock, third.get('a'))
  await clock.advance(1_000)
  expect(await second).toMatchObject({ value: 'prompt 1', after: 12_000 })
  expect(await waiting).toMatchObject({ value: 'prompt 1', after: 1_000 })
  expect(await storedIn(server, 'tiercel:n:a')).toBe('prompt 1')
})

test('a value set by another process during a slow load stays', async () => {
  const ours = scene()
  const { clock, server } = ours
  const node = slowNode(ours, 'old', 100)
  const theirs = slowNode(ours.another(), 'theirs', 0)
  const loading = outcomeOf(clock, node.get('a'))
  await clock.advance(50)
  await theirs.set('a', 'newer')
  await clock.advance(50)
  expect(await loading).toEqual({ value: 'old 1', after: 100 })
  await ours.cache.idle()
  expect(await storedIn(server, 'tiercel:n:a')).toBe('newer')
  expect(node.peek('a')).toBeUndefined()
  expect(await node.get('a')).toBe('newer')
})

test('a load whose lease is found gone is left alone: the next caller starts anew', async () => {
  const ours = scene()
  const { clock } = ours
  const node = slowNode(ours, 'ours', 7_000)
  const theirs = slowNode(ours.another(), 'theirs', 0)
  const old = outcomeOf(clock, node.get('a'))
  await clock.advance(2_900)
  await theirs.invalidate('a')
  await clock.advance(200)
  const next = outcomeOf(clock, node.get('a'))
  await clock.advance(10_000)
  expect(await old).toEqual({ value: 'ours 1', after: 7_000 })
  expect(await next).toEqual({ value: 'ours 2', after: 7_000 })
  expect(await node.get('a')).toBe('ours 2')
})

test('refresh takes the lease by force, and who held it writes no more', async () => {
  const ours = scene()
  const { clock, server } = ours
  const node = slowNode(ours, 'ours', 1_000)
  const theirs = slowNode(ours.another(), 'theirs', 200)
  const old = outcomeOf(clock, node.get('a'))
  await clock.advance(500)
  const refreshed = outcomeOf(clock, theirs.refresh('a'))
  await clock.advance(500)
  expect(await refreshed).toEqual({ value: 'theirs 1', after: 200 })
  expect(await old).toEqual({ value: 'ours 1', after: 1_000 })
  expect(await storedIn(server, 'tiercel:n:a')).toBe('theirs 1')
})

test('whoever waits for a holder and has something stale is served that', async () => {
  const ours = scene()
  const { clock } = ours
  const terms = { name: 'n', key: (id: string) => id, ttl: 1_000, staleWhileRevalidate: '1h' } as const
  let loads = 0
  const load = async (): Promise<number> => {
    const number = ++loads
    await wait(clock, number === 1 ? 0 : 500)
    return number
  }
  const node = ours.cache.node({ ...terms, load })
  const theirs = ours.another().cache.node({ ...terms, load })
  await outcomeOf(clock, Promise.all([node.get('a'), clock.advance(0)]))
  await clock.advance(2_000)
  const outcomes = watch(clock, [node.get('a'), theirs.get('a')])
  await clock.advance(0)
  expect(outcomes).toEqual([
    { value: 1, after: 0 },
    { value: 1, after: 0 },
  ])
  await clock.advance(500)
  expect(loads).toBe(2)
  expect(await node.get('a')).toBe(2)
})

test('whoever waits for a holder has a soft limit as well', async () => {
  const ours = scene({ copyTtl: 3_600_000 })
  const { clock } = ours
  let takes = 0
  const terms = {
    name: 'n',
    key: (id: string) => id,
    load: () => wait(clock, takes).then(() => takes),
    ttl: 1_000,
    staleIfError: '1h',
    limits: { soft: 80 },
  } as const
  const holder = ours.cache.node({ ...terms, limits: {} })
  const waiter = ours.another().cache.node(terms)
  const first = holder.get('a')
  await clock.advance(1_500)
  expect(await first).toBe(0)
  takes = 500
  const outcomes = watch(clock, [holder.get('a'), waiter.get('a')])
  await clock.advance(1_000)
  expect(outcomes).toEqual([
    { value: 500, after: 500 },
    { value: 0, after: 80 },
  ])
  expect(waiter.stats()).toMatchObject({ loadCount: 0, staleCount: 1, requestCount: 1 })
})

test('whoever gives up waiting for a holder loads nothing', async () => {
  const ours = scene()
  const { clock } = ours
  const held = outcomeOf(clock, slowNode(ours, 'ours', 1_000).get('a'))
  await clock.advance(0)
  const theirs = ours.another()
  const begun: string[] = []
  const node = theirs.cache.node({ name: 'n', key: (id: string) => id, load: (id) => (begun.push(id), id) })
  const leaving = new AbortController()
  const outcome = outcomeOf(clock, node.get('a', { signal: leaving.signal }))
  await clock.advance(100)
  leaving.abort(new Error('gone'))
  await clock.advance(2_000)
  expect(await outcome).toMatchObject({ error: { message: 'gone' }, after: 100 })
  expect(begun).toEqual([])
  expect(await held).toMatchObject({ value: 'ours 1' })
})

test('a storage that hangs while a holder is waited for costs its time limit once', async () => {
  const ours = scene({ timeLimit: 200 })
  const { clock } = ours
  const theirs = ours.another()
  const held = outcomeOf(clock, slowNode(ours, 'ours', 10_000).get('a'))
  await clock.advance(0)
  const waiting = outcomeOf(clock, slowNode(theirs, 'theirs', 50).get('a'))
  await clock.advance(150)
  operationsOf(theirs.shared)
  theirs.shared.hang('claimMany')
  await clock.advance(20_000)
  // Two looks at 100 and 200 ms, the limit of 200 ms, the load.
  expect(await waiting).toEqual({ value: 'theirs 1', after: 450 })
  // What may have been granted is given back behind the answer.
  expect(operationsOf(theirs.shared)).toEqual(['claimMany', 'releaseMany'])
  expect(await held).toMatchObject({ value: 'ours 1' })
})

test('a lease that is not used is given back: for nothing found, for a failure, for a value that cannot be kept', async () => {
  const ours = scene()
  const { clock } = ours
  const answers = [undefined, new Error('failed'), new Map(), 'well']
  const terms = {
    name: 'n',
    key: (id: string) => id,
    load: () => {
      const answer = answers.shift()
      if (answer instanceof Error) throw answer
      return answer
    },
  }
  const nodes = [ours, ours.another(), ours.another(), ours.another()].map(({ cache }) => cache.node(terms))
  for (const node of nodes) {
    const outcome = outcomeOf(clock, node.get('a'))
    await clock.advance(0)
    expect(await outcome).toMatchObject({ after: 0 })
  }
  expect(await nodes[0]!.get('a')).toBe('well')
})

test('a lease whose write failed is given back as well', async () => {
  const ours = scene()
  const { clock, shared } = ours
  const terms = { name: 'n', key: (id: string) => id, load: () => 'well' }
  const node = ours.cache.node(terms)
  shared.fail('fulfilMany', { times: 1 })
  await node.get('a')
  await ours.cache.idle()
  const next = outcomeOf(clock, ours.another().cache.node(terms).get('a'))
  await clock.advance(0)
  expect(await next).toEqual({ value: 'well', after: 0 })
})

test('over a storage that cannot lease, loads write all the same', async () => {
  const clock = virtualClock()
  const server = simpleStorage({ clock })
  const { leases: _, ...capabilities } = server.capabilities
  const cache = createCache({ clock, storages: { shared: { ...server, capabilities } } })
  const node = cache.node({ name: 'n', key: (id: string) => id, load: (id) => id })
  await node.get('a')
  await cache.idle()
  expect(await storedIn(server, 'tiercel:n:a')).toBe('a')
})
