import { expect, test } from 'vitest'
import { type Cache, createCache, memory, type MemoryCache, type NodeOptions } from 'tiercel'
import {
  type FaultyStorage,
  faultyStorage,
  type SimpleStorage,
  simpleStorage,
  type VirtualClock,
  virtualClock,
} from 'tiercel/testing'
import { operationsOf, soon, wait } from './scene.ts'

/** A process with memory above a server that tells of changes. */
interface Process {
  readonly clock: VirtualClock
  readonly local: MemoryCache
  readonly shared: FaultyStorage
  readonly server: SimpleStorage
  readonly cache: Cache<'local' | 'shared'>
  another(): Process
}

function startProcess(
  server = simpleStorage({ clock: virtualClock(), feed: true }),
  clock: VirtualClock = virtualClock(),
): Process {
  const local = memory({ clock })
  const shared = faultyStorage(server.another(), { clock })
  const cache = createCache({
    clock,
    storages: { local, shared },
    tiers: [
      { storage: 'local', ttl: '1h' },
      { storage: 'shared', ttl: '1h', timeLimit: 100 },
    ],
  })
  return { clock, local, shared, server, cache, another: () => startProcess(server, clock) }
}

/** Two processes that hear of each other's changes. */
function twoProcesses(): { readonly ours: Process; readonly theirs: Process } {
  const clock = virtualClock()
  const ours = startProcess(simpleStorage({ clock, feed: true }), clock)
  return { ours, theirs: ours.another() }
}

/** A node whose loads say how many there have been. */
function counting(
  { cache, clock }: Process,
  terms: Partial<Omit<NodeOptions<string, string>, 'tiers'>> & { takes?: number } = {},
) {
  let loads = 0
  const { takes = 0, ...options } = terms
  return cache.node<string, string>({
    name: 'n',
    key: (id) => id,
    load: async (id) => {
      const number = ++loads
      if (takes > 0) await wait(clock, takes)
      return `${id} ${number}`
    },
    ...options,
  })
}

test('a copy in one process is gone when another invalidates, sets or expires the key, or somebody deletes it by hand', async () => {
  const { ours, theirs } = twoProcesses()
  const { clock } = ours
  const node = counting(ours)
  const other = counting(theirs)
  await soon(clock, node.get('a'))
  const changes: (() => Promise<unknown>)[] = [
    () => other.invalidate('a'),
    () => other.set('a', 'theirs'),
    () => other.expire('a'),
    () => other.invalidateAll(),
    () => theirs.cache.clear(),
    () => ours.server.deleteMany(['tiercel:n:a']),
  ]
  for (const change of changes) {
    await soon(clock, node.get('a'))
    await soon(clock, node.get('a'))
    expect(node.peek('a')).toBeDefined()
    await soon(clock, change())
    expect(node.peek('a')).toBeUndefined()
  }
})

test('what this process writes itself comes back through the feed, and costs one look at the server, not more', async () => {
  const { ours } = twoProcesses()
  const { clock, shared } = ours
  const node = counting(ours)
  await soon(clock, node.get('a'))
  operationsOf(shared)
  for (let round = 0; round < 5; round++) await soon(clock, node.get('a'))
  expect(operationsOf(shared)).toEqual(['getMany'])
  await soon(clock, node.set('a', 'set'))
  for (let round = 0; round < 5; round++) await soon(clock, node.get('a'))
  expect(operationsOf(shared)).toEqual(['setMany', 'getMany'])
  expect(node.stats().loadCount).toBe(1)
})

test('a process that waits for another’s load is woken by the feed, and need not ask again and again', async () => {
  const { ours, theirs } = twoProcesses()
  const { clock } = ours
  const holder = counting(ours, { takes: 70 })
  const waiter = counting(theirs, { takes: 70, lease: { retryEvery: '10s', wait: '20s' } })
  const first = holder.get('a')
  await clock.advance(1)
  const second = waiter.get('a')
  await clock.advance(69)
  expect(await first).toBe('a 1')
  expect(await second).toBe('a 1')
  expect(waiter.stats()).toMatchObject({ loadCount: 0, missCount: 1, unleasedLoadCount: 0 })
})

test('a load that another process’s invalidation overtakes answers its callers, writes nothing, and is joined by nobody', async () => {
  const { ours, theirs } = twoProcesses()
  const { clock } = ours
  const node = counting(ours, { takes: 50 })
  const first = node.get('a')
  await clock.advance(10)
  await soon(clock, counting(theirs).invalidate('a'))
  const second = node.get('a')
  await clock.advance(200)
  expect([await first, await second]).toEqual(['a 1', 'a 2'])
  expect(node.stats().refusedWriteCount).toBe(1)
  expect(ours.cache.sync()['shared']).toMatchObject({ state: 'synchronised', brokenFenceCount: 2 })
})

test('DEFECTS 35: after a break every copy from before is verified once, and one that was overruled meanwhile is not served', async () => {
  const { ours, theirs } = twoProcesses()
  const { clock, shared } = ours
  const node = counting(ours)
  for (const id of ['a', 'b']) {
    await soon(clock, node.get(id))
    await soon(clock, node.get(id))
  }
  shared.fail('feed')
  await soon(clock, counting(theirs).set('a', 'new'))
  shared.heal('feed')
  expect(node.peek('a')).toBeUndefined()
  expect(node.peek('b')).toBeUndefined()
  operationsOf(shared)
  expect(await soon(clock, node.get('a'))).toBe('new')
  expect(await soon(clock, node.get('b'))).toBe('b 2')
  for (let round = 0; round < 3; round++) await soon(clock, Promise.all([node.get('a'), node.get('b')]))
  expect(operationsOf(shared)).toEqual(['getMany', 'getMany'])
  expect(node.peek('b')).toBe('b 2')
  expect(ours.cache.sync()['shared']?.verifiedCopyCount).toBe(2)
})

test('while it is blind, each read of a copy is verified; and what the server has no more is not served', async () => {
  const { ours, theirs } = twoProcesses()
  const { clock, shared } = ours
  const node = counting(ours)
  await soon(clock, node.get('a'))
  await soon(clock, node.get('a'))
  shared.fail('feed')
  operationsOf(shared)
  expect(await soon(clock, node.get('a'))).toBe('a 1')
  expect(await soon(clock, node.get('a'))).toBe('a 1')
  expect(operationsOf(shared)).toEqual(['getMany', 'getMany'])
  await soon(clock, counting(theirs).invalidate('a'))
  expect(await soon(clock, node.get('a'))).toBe('a 2')
})

test('blind and cut off from the server, copies are served as stale on the node’s terms, and loads are kept for a moment', async () => {
  const { ours } = twoProcesses()
  const { clock, shared } = ours
  let isDown = false
  const load = (id: string): string => {
    if (isDown) throw new Error('the source failed')
    return id
  }
  const node = counting(ours, { load, staleIfError: '1m' })
  const strict = counting(ours, { name: 'strict', load })
  for (const one of [node, strict]) {
    await soon(clock, one.get('a'))
    await soon(clock, one.get('a'))
  }
  shared.fail('feed')
  shared.fail('getMany')
  isDown = true
  expect(await soon(clock, node.get('a'))).toBe('a')
  expect(node.stats().staleCount).toBe(1)
  await expect(soon(clock, strict.get('a'))).rejects.toThrow('the source failed')
  isDown = false
  expect(await soon(clock, strict.get('a'))).toBe('a')
  expect(strict.peek('a')).toBe('a')
  await clock.advance(1_001)
  expect(strict.peek('a')).toBeUndefined()
})

test('a suspect copy of what the server has no more is not served later either, when the server can’t be asked', async () => {
  const { ours, theirs } = twoProcesses()
  const { clock, shared } = ours
  let isDown = false
  const load = (): string => {
    if (isDown) throw new Error('the source failed')
    return 'old'
  }
  const node = counting(ours, { load, staleIfError: '1m' })
  await soon(clock, node.get('a'))
  await soon(clock, node.get('a'))
  shared.fail('feed')
  await soon(clock, counting(theirs).invalidate('a'))
  isDown = true
  await expect(soon(clock, node.get('a'))).rejects.toThrow('the source failed')
  shared.fail('getMany')
  await expect(soon(clock, node.get('a'))).rejects.toThrow('the source failed')
})

test('where everything may have changed, every copy is verified', async () => {
  const { ours } = twoProcesses()
  const { clock, server } = ours
  const node = counting(ours)
  await soon(clock, node.get('a'))
  await soon(clock, node.get('a'))
  const many = Array.from({ length: 2_000 }, (_, index) => ({
    key: `tiercel:other:${index}`,
    header: new Uint8Array(32),
    payload: new Uint8Array(1),
  }))
  await server.setMany(many)
  await soon(clock, server.clear('tiercel:other:'))
  expect(node.peek('a')).toBeUndefined()
  expect(await soon(clock, node.get('a'))).toBe('a 1')
  expect(node.peek('a')).toBe('a 1')
})

test('a dump that is restored is verified before it is served', async () => {
  const { ours, theirs } = twoProcesses()
  const { clock } = ours
  const node = counting(ours)
  await soon(clock, node.get('a'))
  await soon(clock, node.get('a'))
  const dump = structuredClone(ours.local.dump())
  await soon(clock, counting(theirs).set('a', 'new'))
  const heir = ours.another()
  const inherited = counting(heir)
  // A synchronised process, not one that is still to find out.
  await soon(clock, inherited.get('b'))
  expect(heir.cache.sync()['shared']?.state).toBe('synchronised')
  expect(heir.local.restore(dump)).toBe(1)
  expect(inherited.peek('a')).toBeUndefined()
  expect(await soon(clock, inherited.get('a'))).toBe('new')
})

test('cache.sync() says how things stand, and events tell when that changes', async () => {
  const { ours } = twoProcesses()
  const { clock, shared, cache } = ours
  const node = counting(ours)
  const story: string[] = []
  cache.on('synchronised', ({ storage, after }) => story.push(`${storage} synchronised after ${after} ms`))
  cache.on('blind', ({ storage, error }) => story.push(`${storage} blind: ${(error as Error).message}`))
  expect(cache.sync()).toMatchObject({ shared: { state: 'not followed', changeCount: 0, owedCount: 0 } })
  shared.hang('feed')
  await soon(clock, node.get('a'))
  expect(cache.sync()['shared']).toMatchObject({ state: 'catching up', since: clock.now() })
  await clock.advance(30)
  shared.heal('feed')
  expect(cache.sync()['shared']).toMatchObject({ state: 'synchronised', since: clock.now() })
  await clock.advance(70)
  shared.fail('feed', { error: new Error('pulled') })
  expect(cache.sync()['shared']).toMatchObject({ state: 'blind', since: clock.now(), cause: new Error('pulled') })
  await clock.advance(5)
  shared.heal('feed')
  expect(story).toEqual(['shared synchronised after 30 ms', 'shared blind: pulled', 'shared synchronised after 5 ms'])
  await cache.close()
})

test('what has no feed is said to have none, and its copies answer until their ttl has passed', async () => {
  const clock = virtualClock()
  const ours = startProcess(simpleStorage({ clock }), clock)
  const node = counting(ours)
  await soon(clock, node.get('a'))
  await soon(clock, counting(ours.another()).set('a', 'new'))
  expect(ours.cache.sync()['shared']?.state).toBe('without feed')
  expect(node.peek('a')).toBe('a 1')
})

test('a feed whose followers went with their cache tells nobody', async () => {
  const { ours, theirs } = twoProcesses()
  const { clock, cache } = ours
  await soon(clock, counting(ours).get('a'))
  const before = cache.sync()['shared']?.changeCount
  await soon(clock, cache.close())
  await soon(clock, counting(theirs).set('a', 'new'))
  expect(cache.sync()['shared']?.changeCount).toBe(before)
})
