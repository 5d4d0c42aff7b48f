import { describe, expect, test } from 'vitest'
import type { CacheNode } from 'tiercel'
import { memoryScene, operationsOf, outcomeOf, scene, storyOf, times, wait, watch } from './scene.ts'

describe('a list', () => {
  test('DEFECTS 6: is answered in the order asked, duplicates kept, wherever each value comes from', async () => {
    const { cache, clock, another } = scene()
    const asked: (readonly number[])[] = []
    const terms = {
      name: 'n',
      key: (id: number) => id,
      loadMany: (list: readonly number[]) => {
        asked.push(list)
        return list.map((id) => `value ${id}`)
      },
    }
    const node = cache.node(terms)
    const elsewhere = another()
    const theirs = elsewhere.cache.node(terms)
    await theirs.getMany([1, 2])
    await elsewhere.cache.idle()
    await node.get(3)
    await clock.advance(0)
    asked.length = 0

    expect(await node.getMany([4, 3, 2, 4, 1, 5, 3])).toEqual([4, 3, 2, 4, 1, 5, 3].map((id) => `value ${id}`))
    expect(asked).toEqual([[4, 5]])
  })

  test('of nothing is answered with nothing, and asks nobody', async () => {
    const { cache, shared } = scene()
    const node = cache.node({ name: 'n', key: (id: number) => id, load: (id) => id })
    expect(await node.getMany([])).toEqual([])
    expect(shared.calls).toEqual([])
    expect(node.stats().requestCount).toBe(0)
  })

  test('DEFECTS 6: whose load fails leaves no flight behind: the same list loads anew', async () => {
    const { cache, clock } = scene()
    let isDown = true
    const asked: (readonly number[])[] = []
    const node = cache.node({
      name: 'n',
      key: (id: number) => id,
      loadMany: (list) => {
        asked.push(list)
        if (isDown) throw new Error('down')
        return list.map((id) => id * 10)
      },
    })
    await expect(node.getMany([1, 2, 1])).rejects.toThrow('down')
    await clock.advance(0)
    isDown = false
    expect(await node.getMany([1, 2, 1])).toEqual([10, 20, 10])
    expect(await node.get(2)).toBe(20)
    expect(asked).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  test('may bring its own loads for one call', async () => {
    const { cache } = memoryScene()
    const node = cache.node({ name: 'n', key: (id: number) => id, loadMany: (list) => list.map((id) => `node ${id}`) })
    expect(await node.getMany([1, 2], { loadMany: (list) => list.map((id) => `call ${id}`) })).toEqual([
      'call 1',
      'call 2',
    ])
    expect(await node.getMany([2, 3], { load: (id) => `one ${id}` })).toEqual(['call 2', 'one 3'])
    expect(await node.getMany([3, 4])).toEqual(['one 3', 'node 4'])
  })

  test('counts each item as a request', async () => {
    const { cache } = memoryScene()
    const node = cache.node({ name: 'n', key: (id: number) => id, loadMany: (list) => list.map((id) => id) })
    await node.get(1)
    await node.getMany([1, 2, 2, 3])
    expect(node.stats()).toMatchObject({ requestCount: 5, hitCount: 1, missCount: 4, coalescedCount: 1, loadCount: 3 })
  })
})

describe('loadMany', () => {
  test('may have none of some and fail for others, which harms only those', async () => {
    const { cache, clock } = scene()
    const story = storyOf(cache)
    const node = cache.node({
      name: 'n',
      key: (id: string) => id,
      loadMany: (list): (string | Error | undefined)[] =>
        list.map((id) => (id === 'none' ? undefined : id === 'bad' ? new Error('no good') : id)),
    })
    const outcomes = watch(clock, [node.get('a'), node.get('none'), node.get('bad'), node.get('b')])
    await clock.advance(0)
    expect(outcomes).toEqual([
      { value: 'a', after: 0 },
      { value: undefined, after: 0 },
      { error: new Error('no good'), after: 0 },
      { value: 'b', after: 0 },
    ])
    expect(story).toEqual([
      'a: miss',
      'none: miss',
      'bad: miss',
      'b: miss',
      'a: load',
      'none: load',
      'bad: load failed: no good',
      'b: load',
      'a: write',
      'b: write',
    ])
    // Of those that brought nothing the lease has been given back.
    const again = watch(clock, [node.get('none'), node.get('bad')])
    await clock.advance(0)
    expect(again).toMatchObject([{ after: 0 }, { after: 0 }])
  })

  test('that answers a list of another length fails for all of them', async () => {
    const { cache, clock } = memoryScene()
    const node = cache.node({ name: 'n', key: (id: number) => id, loadMany: (list) => list.slice(1) })
    const outcomes = watch(clock, [node.get(1), node.get(2)])
    await clock.advance(0)
    expect(outcomes).toMatchObject(times(2, { error: { code: 'LOAD_MISMATCH' } }))
    expect(node.peek(2)).toBeUndefined()
  })

  test('that throws rejects all of them with its error', async () => {
    const { cache, clock } = memoryScene()
    const error = new Error('down')
    const node = cache.node({
      name: 'n',
      key: (id: number) => id,
      loadMany: (): number[] => {
        throw error
      },
    })
    const outcomes = watch(clock, [node.get(1), node.get(2)])
    await clock.advance(0)
    expect(outcomes).toEqual(times(2, { error, after: 0 }))
    expect(node.stats()).toMatchObject({ loadCount: 2, loadFailureCount: 2, loadLatency: { count: 1 } })
  })

  test('is asked for no more than maxBatch at a time', async () => {
    const { cache } = memoryScene()
    const sizes: number[] = []
    const node = cache.node({
      name: 'n',
      key: (id: number) => id,
      loadMany: (list) => {
        sizes.push(list.length)
        return list.map((id) => id)
      },
      maxBatch: 4,
    })
    const ids = Array.from({ length: 10 }, (_, id) => id)
    expect(await node.getMany(ids)).toEqual(ids)
    expect(sizes).toEqual([4, 4, 2])
  })

  test('is joined by the misses of get in the same turn, and not by those of the next', async () => {
    const { cache, clock } = scene()
    const asked: (readonly number[])[] = []
    const node = cache.node({
      name: 'n',
      key: (id: number) => id,
      loadMany: (list) => {
        asked.push(list)
        return list.map((id) => id)
      },
    })
    const calls = [node.get(1), node.getMany([2, 3]), node.get(4), node.get(2)]
    await clock.advance(0)
    await node.get(5)
    expect(await Promise.all(calls)).toEqual([1, [2, 3], 4, 2])
    expect(asked).toEqual([[1, 2, 3, 4], [5]])
  })

  test('loads what it won before it waits for what another process holds', async () => {
    const { cache, clock, another } = scene()
    const slow = another().cache.node({
      name: 'n',
      key: (id: number) => id,
      load: async (id) => {
        await wait(clock, 300)
        return `theirs ${id}`
      },
    })
    const held = slow.get(2)
    await clock.advance(0)
    const begun: number[] = []
    const node = cache.node({
      name: 'n',
      key: (id: number) => id,
      loadMany: (list) => {
        begun.push(clock.now())
        return list.map((id) => `ours ${id}`)
      },
      lease: { retryEvery: 50 },
    })
    const before = clock.now()
    const list = outcomeOf(clock, node.getMany([1, 2, 3]))
    await clock.advance(400)
    expect(begun).toEqual([before])
    expect(await list).toEqual({ value: ['ours 1', 'theirs 2', 'ours 3'], after: 300 })
    await held
  })

  test('whose callers have not all gone is not aborted', async () => {
    const { cache, clock } = memoryScene()
    const aborted: boolean[] = []
    const node = cache.node({
      name: 'n',
      key: (id: number) => id,
      loadMany: async (list, { signal }) => {
        await wait(clock, 50)
        aborted.push(signal.aborted)
        return list.map((id) => id)
      },
    })
    const leaving = new AbortController()
    const outcomes = watch(clock, [node.get(1, { signal: leaving.signal }), node.get(2)])
    await clock.advance(10)
    leaving.abort(new Error('gone'))
    await clock.advance(40)
    expect(outcomes).toMatchObject([{ after: 10 }, { value: 2, after: 50 }])
    expect(aborted).toEqual([false])
  })
})

describe('DEFECTS 38: a thousand cold keys cost one multi-get, one batch of claims, one loadMany, one batch of writes', () => {
  const ids = Array.from({ length: 1_000 }, (_, id) => id)

  type Read = (node: CacheNode<number, number>) => Promise<readonly number[]>
  const ways: readonly (readonly [string, Read])[] = [
    ['by getMany', (node) => node.getMany(ids)],
    ['by a thousand gets of one turn', (node) => Promise.all(ids.map((id) => node.get(id)))],
  ]

  test.each(ways)('%s', async (_, read) => {
    const { cache, shared, clock } = scene()
    let loads = 0
    const node = cache.node({
      name: 'n',
      key: (id: number) => id,
      loadMany: (list) => {
        loads++
        return list.map((id) => id)
      },
    })
    const reading = read(node)
    await clock.advance(0)
    expect(await reading).toEqual(ids)
    await cache.idle()
    expect(operationsOf(shared)).toEqual(['getMany', 'claimMany', 'fulfilMany'])
    expect(loads).toBe(1)
  })

  test('and of several nodes on one storage still one multi-get', async () => {
    const { cache, shared, clock } = scene()
    const nodes = ['m', 'n', 'o'].map((name) =>
      cache.node({ name, key: (id: number) => id, load: (id) => `${name}${id}` }),
    )
    const reading = Promise.all(nodes.flatMap((node) => [node.get(1), node.get(2)]))
    await clock.advance(0)
    expect(await reading).toEqual(['m1', 'm2', 'n1', 'n2', 'o1', 'o2'])
    await cache.idle()
    expect(operationsOf(shared)).toEqual(['getMany', 'claimMany', 'fulfilMany'])
  })
})
