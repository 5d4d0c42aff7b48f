import { describe, expect, test } from 'vitest'
import { type Cache, createCache, memory, type NodeOptions } from 'tiercel'
import { type SimpleStorage, simpleStorage, type VirtualClock, virtualClock } from 'tiercel/testing'
import { memoryScene, operationsOf, outcomeOf, type Scene, scene, soon, wait } from './scene.ts'

// The rows that everybody loads from.
type Rows = Record<string, number>

/** Two processes without a feed: what one has changed, the other doesn't hear of. */
function twoProcesses() {
  const ours = scene({ copyTtl: 3_600_000, timeLimit: 100 })
  return { clock: ours.clock, ours, theirs: ours.another() }
}

function reading(
  { cache, clock }: { readonly cache: Cache<'local' | 'shared'>; readonly clock: VirtualClock },
  rows: Rows,
  terms: Partial<Omit<NodeOptions<string, number>, 'tiers'>> & { takes?: number } = {},
) {
  const { takes = 0, ...options } = terms
  const loads: string[] = []
  const node = cache.node<string, number>({
    name: 'row',
    key: (id) => id,
    load: async (id) => {
      loads.push(id)
      const value = rows[id] as number
      if (takes > 0) await wait(clock, takes)
      return value
    },
    ttl: '1h',
    ...options,
  })
  return Object.assign(node, { loads })
}

function down({ shared }: Scene): void {
  for (const operation of ['getMany', 'setMany', 'deleteMany', 'claimMany'] as const) shared.fail(operation)
}

describe('the token of a change', () => {
  const changes: Record<string, (theirs: ReturnType<typeof reading>, cache: Cache) => Promise<{ token: string }>> = {
    'node.set': (node) => node.set('a', 2),
    'node.invalidate': (node) => node.invalidate('a'),
    'node.expire': (node) => node.expire('a'),
    'node.invalidateAll': (node) => node.invalidateAll(),
    'cache.invalidate of a tag': (_, cache) => cache.invalidate({ tags: ['of a'] }),
    'cache.invalidate of a key': (_, cache) => cache.invalidate({ keys: ['row:a'] }),
    'cache.invalidate of a pattern': (_, cache) => cache.invalidate({ pattern: 'row:*' }),
    'cache.expire of a tag': (_, cache) => cache.expire({ tags: ['of a'] }),
    'cache.purge': (_, cache) => cache.purge({ node: 'row' }),
    'cache.clear': (_, cache) => cache.clear(),
  }

  test.each(Object.entries(changes))('%s: without it the copy comes, with it what is new', async (_, change) => {
    const { clock, ours, theirs } = twoProcesses()
    const rows: Rows = { a: 1 }
    const tags = (id: string): string[] => [`of ${id}`]
    const node = reading(ours, rows, { tags })
    const other = reading(theirs, rows, { tags })
    await soon(clock, node.get('a'))
    rows['a'] = 2
    const { token } = await soon(clock, change(other, theirs.cache))
    expect(token).toMatch(/^[\w-]{20,128}$/)
    expect(await soon(clock, node.get('a'))).toBe(1)
    expect(await soon(clock, node.get('a', { after: token }))).toBe(2)
    expect(await soon(clock, node.get('a'))).toBe(2)
  })

  test('costs a key one look below, and nothing from then on', async () => {
    const { clock, ours, theirs } = twoProcesses()
    const rows: Rows = { a: 1, b: 1 }
    const node = reading(ours, rows)
    await soon(clock, node.getMany(['a', 'b']))
    const { token } = await reading(theirs, rows).set('a', 2)
    operationsOf(ours.shared)
    expect(await soon(clock, node.getMany(['a', 'b', 'a'], { after: token }))).toEqual([2, 1, 2])
    expect(operationsOf(ours.shared)).toEqual(['getMany'])
    expect(await soon(clock, node.getMany(['a', 'b', 'a'], { after: [token, token] }))).toEqual([2, 1, 2])
    expect(operationsOf(ours.shared)).toEqual([])
    expect(node.loads).toEqual(['a', 'b'])
  })

  test('where it was made, memory is asked as ever', async () => {
    const { clock, ours } = twoProcesses()
    const rows: Rows = { a: 1, b: 1 }
    const node = reading(ours, rows)
    await soon(clock, node.getMany(['a', 'b']))
    const { token } = await soon(clock, node.set('a', 2))
    operationsOf(ours.shared)
    expect(await soon(clock, node.getMany(['a', 'b'], { after: token }))).toEqual([2, 1])
    expect(operationsOf(ours.shared)).toEqual([])
  })

  test('of several, the one last seen counts', async () => {
    const { clock, ours, theirs } = twoProcesses()
    const rows: Rows = { a: 1 }
    const node = reading(ours, rows)
    const other = reading(theirs, rows)
    const { token: first } = await soon(clock, other.invalidate('a'))
    await soon(clock, node.get('a', { after: first }))
    const { token: second } = await soon(clock, other.set('a', 2))
    expect(await soon(clock, node.get('a', { after: first }))).toBe(1)
    expect(await soon(clock, node.get('a', { after: [second, first] }))).toBe(2)
  })

  test('forgotten, it is seen for the first time once more: a look below, and never what is old', async () => {
    const { clock, ours, theirs } = twoProcesses()
    const rows: Rows = { a: 1 }
    const node = reading(ours, rows)
    const { token } = await soon(clock, reading(theirs, rows).set('a', 2))
    expect(await soon(clock, node.get('a', { after: token }))).toBe(2)
    for (let other = 0; other < 10_000; other++) await soon(clock, node.get('a', { after: `token ${other}` }))
    operationsOf(ours.shared)
    expect(await soon(clock, node.get('a', { after: token }))).toBe(2)
    expect(operationsOf(ours.shared)).toEqual(['getMany'])
  })

  test('entries without a node and memoized functions honour it too', async () => {
    const { clock, ours, theirs } = twoProcesses()
    await ours.cache.set('plain', 1)
    const { token } = await theirs.cache.set('plain', 2)
    expect(await soon(clock, ours.cache.get('plain'))).toBe(1)
    expect(await soon(clock, ours.cache.get('plain', { after: token }))).toBe(2)
    const deleted = await theirs.cache.delete('plain')
    expect(deleted).toEqual({ existed: true, token: deleted.token })
    expect(await soon(clock, ours.cache.get('plain'))).toBe(2)
    expect(await soon(clock, ours.cache.get('plain', { after: deleted.token }))).toBeUndefined()
    // What the authority has no more is not served from memory either.
    expect(await soon(clock, ours.cache.get('plain'))).toBeUndefined()
    expect(
      await soon(
        clock,
        ours.cache.getOrLoad('plain', () => 3, { after: deleted.token }),
      ),
    ).toBe(3)

    const quotes = [ours, theirs].map(({ cache }, index) =>
      cache.memoize((id: string) => `${id}${index}`, { name: 'q' }),
    )
    const [mine, others] = quotes as [(typeof quotes)[0], (typeof quotes)[0]]
    await soon(clock, mine('a'))
    const change = await soon(clock, others.invalidate('a'))
    await soon(clock, others('a'))
    expect(await soon(clock, mine('a'))).toBe('a0')
    expect(await soon(clock, mine.node.get(['a'], { after: change.token }))).toBe('a1')
  })

  test.each(['', 7, null, {}, [7], 'x'.repeat(129)])('%j is no token', async (after) => {
    const { clock, ours } = twoProcesses()
    const node = reading(ours, { a: 1 })
    const refusal = { code: 'INVALID_OPTION' }
    await soon(clock, node.get('a'))
    await expect(node.get('a', { after: after as string })).rejects.toMatchObject(refusal)
    await expect(node.getMany(['a'], { after: after as string })).rejects.toMatchObject(refusal)
    await expect(ours.cache.get('a', { after: after as string })).rejects.toMatchObject(refusal)
    expect(await node.get('a', { after: undefined })).toBe(1)
    expect(await node.get('a', { after: [] })).toBe(1)
  })
})

describe('what is under way', () => {
  test('a load that began before the token was seen answers its own callers, and not who names it', async () => {
    const { clock, ours, theirs } = twoProcesses()
    const rows: Rows = { a: 1 }
    const node = reading(ours, rows, { takes: 100 })
    const old = node.get('a')
    await clock.advance(50)
    rows['a'] = 2
    const { token } = await soon(clock, reading(theirs, rows).invalidate('a'))
    const plain = node.get('a')
    const after = node.get('a', { after: token })
    await clock.advance(1_000)
    expect(await Promise.all([old, plain, after])).toEqual([1, 1, 2])
    expect(await soon(clock, node.get('a'))).toBe(2)
  })

  test('who names a token joins a load that began after it was seen', async () => {
    const { clock, ours, theirs } = twoProcesses()
    const rows: Rows = { a: 1 }
    const node = reading(ours, rows, { takes: 100 })
    const { token } = await soon(clock, reading(theirs, rows).invalidate('a'))
    const calls = [node.get('a', { after: token }), node.get('a', { after: token }), node.get('a')]
    await clock.advance(1_000)
    expect(await Promise.all(calls)).toEqual([1, 1, 1])
    expect(node.loads).toEqual(['a'])
  })

  test('a load that serves a stale copy meanwhile is not joined', async () => {
    const { clock, ours, theirs } = twoProcesses()
    const rows: Rows = { a: 1 }
    const terms = { ttl: 1_000, staleWhileRevalidate: '1h', takes: 100 } as const
    const node = reading(ours, rows, terms)
    const first = node.get('a')
    await clock.advance(2_000)
    await first
    rows['a'] = 2
    const { token } = await soon(clock, reading(theirs, rows, terms).invalidate('a'))
    const stale = node.get('a')
    const after = node.get('a', { after: token })
    await clock.advance(1_000)
    expect([await stale, await after]).toEqual([1, 2])
  })

  test('nor is one that would fall back on such a copy, though it began after the token was seen', async () => {
    const { clock, ours } = twoProcesses()
    const rows: Rows = { a: 1 }
    let works = true
    const node = ours.cache.node({
      name: 'row',
      key: (id: string) => id,
      load: async (id) => {
        await wait(clock, 100)
        if (!works) throw new Error('source down')
        return rows[id] as number
      },
      ttl: 1_000,
      staleIfError: '1h',
    })
    const first = node.get('a')
    await clock.advance(2_000)
    await first
    works = false
    const seen = outcomeOf(clock, node.get('b', { after: 'token' }))
    await clock.advance(200)
    down(ours)
    const plain = outcomeOf(clock, node.get('a'))
    const after = outcomeOf(clock, node.get('a', { after: 'token' }))
    await clock.advance(1_000)
    await plain
    expect(await after).toMatchObject({ error: { message: 'source down' } })
    expect(await seen).toMatchObject({ error: { message: 'source down' } })
  })

  test('what a read brings that began before the token was seen is kept for others only', async () => {
    const clock = virtualClock()
    const server = simpleStorage({ clock })
    const slow = server.another()
    const start = (shared: SimpleStorage) =>
      createCache({
        clock,
        storages: { local: memory({ clock }), shared },
        tiers: [{ storage: 'local', ttl: '1h' }, { storage: 'shared' }],
      })
    // Its answers are on their way for a while.
    const late: SimpleStorage = {
      ...slow,
      async getMany(keys) {
        const answer = await slow.getMany(keys)
        await wait(clock, 50)
        return answer
      },
    }
    const [ours, theirs] = [start(late), start(server)]
    await soon(clock, theirs.set('a', 1))
    const before = ours.get('a')
    await clock.advance(10)
    const { token } = await soon(clock, theirs.set('a', 2))
    const other = ours.get('b', { after: token })
    await clock.advance(100)
    expect([await before, await other, await soon(clock, ours.get('a'))]).toEqual([1, undefined, 1])
    const after = ours.get('a', { after: token })
    await clock.advance(100)
    expect(await after).toBe(2)
  })

  test('callers with a token each share the loads: nobody keeps another from being written', async () => {
    const { clock, ours } = twoProcesses()
    const rows: Rows = { a: 1 }
    const node = reading(ours, rows, { takes: 100 })
    const calls: Promise<number>[] = []
    for (let caller = 0; caller < 50; caller++) {
      calls.push(node.get('a', { after: `token ${caller}` }))
      await clock.advance(5)
    }
    await clock.advance(1_000)
    expect(await Promise.all(calls)).toEqual(calls.map(() => 1))
    // The first has loaded it, and the rest found it there.
    expect(node.loads).toEqual(['a'])
    expect(node.stats().refusedWriteCount).toBe(0)
  })

  test('who waits behind another token’s load can give up', async () => {
    const { clock, ours } = twoProcesses()
    const node = reading(ours, { a: 1 }, { takes: 100 })
    const first = node.get('a', { after: 'one' })
    const controller = new AbortController()
    const second = outcomeOf(clock, node.get('a', { after: 'two', signal: controller.signal }))
    await clock.advance(10)
    controller.abort(new Error('gone'))
    await clock.advance(1_000)
    expect(await second).toMatchObject({ after: 10, error: { message: 'gone' } })
    expect(await first).toBe(1)
  })

  test('an error that a load has brought before is no answer to who names a token', async () => {
    const { clock, ours } = twoProcesses()
    let loads = 0
    const node = ours.cache.node<string, number>({
      name: 'failing',
      key: (id) => id,
      load: () => {
        if (++loads === 1) throw new Error('no')
        return loads
      },
      errorTtl: '1h',
    })
    await expect(soon(clock, node.get('a'))).rejects.toThrow('no')
    await expect(soon(clock, node.get('a'))).rejects.toThrow('no')
    expect(await soon(clock, node.get('a', { after: 'token' }))).toBe(2)
  })
})

describe('where the tiers are', () => {
  test('a tier between memory and the authority is passed over, and what it brought into memory is not trusted', async () => {
    const clock = virtualClock()
    const shared = simpleStorage({ clock })
    const host = simpleStorage({ clock })
    const rows: Rows = { a: 1 }
    const start = (own = host.another()) => {
      const cache = createCache({
        clock,
        storages: { local: memory({ clock }), host: own, shared: shared.another() },
        tiers: [{ storage: 'local', ttl: '1h' }, { storage: 'host', ttl: '1h' }, { storage: 'shared' }],
      })
      return cache.node({ name: 'row', key: (id: string) => id, load: (id) => rows[id] as number, ttl: '1h' })
    }
    // Another machine has a file of its own.
    const theirs = start(simpleStorage({ clock }))
    await soon(clock, start().get('a'))
    rows['a'] = 2
    const { token } = await soon(clock, theirs.invalidate('a'))
    const ours = start()
    expect(await soon(clock, ours.get('a'))).toBe(1)
    expect(await soon(clock, ours.get('a', { after: token }))).toBe(2)
    expect(await soon(clock, start().get('a'))).toBe(2)
  })

  test('what comes from a tier between after the token was seen is not taken for new', async () => {
    const clock = virtualClock()
    const shared = simpleStorage({ clock })
    const host = simpleStorage({ clock })
    const cache = createCache({
      clock,
      storages: { local: memory({ clock }), host, shared },
      tiers: [{ storage: 'local', ttl: '1h' }, { storage: 'host', ttl: '1h' }, { storage: 'shared' }],
    })
    const rows: Rows = { a: 1, b: 1 }
    const node = cache.node({ name: 'row', key: (id: string) => id, load: (id) => rows[id] as number, ttl: '1h' })
    await soon(clock, node.getMany(['a', 'b']))
    rows['a'] = 2
    await shared.deleteMany(['tiercel:row:a'])
    await soon(clock, node.get('b', { after: 'token' }))
    const again = createCache({
      clock,
      storages: { local: memory({ clock }), host: host.another(), shared: shared.another() },
      tiers: [{ storage: 'local', ttl: '1h' }, { storage: 'host', ttl: '1h' }, { storage: 'shared' }],
    }).node({ name: 'row', key: (id: string) => id, load: (id) => rows[id] as number, ttl: '1h' })
    await soon(clock, again.get('b', { after: 'token' }))
    expect(await soon(clock, again.get('a'))).toBe(1)
    expect(await soon(clock, again.get('a', { after: 'token' }))).toBe(2)
  })

  test('while the authority is down it is loaded; a stale copy is not served instead', async () => {
    const { clock, ours } = twoProcesses()
    const rows: Rows = { a: 1 }
    const node = reading(ours, rows, { staleIfError: '1h' })
    await soon(clock, node.get('a'))
    rows['a'] = 2
    down(ours)
    expect(await soon(clock, node.get('a'))).toBe(1)
    expect(await soon(clock, node.get('a', { after: 'token' }))).toBe(2)
    const failing = ours.cache.node<string, number>({
      name: 'row2',
      key: (id) => id,
      load: () => Promise.reject(new Error('source down')),
      staleIfError: '1h',
    })
    ours.shared.heal()
    await soon(clock, failing.set('a', 1))
    down(ours)
    expect(await soon(clock, failing.get('a'))).toBe(1)
    await expect(soon(clock, failing.get('a', { after: 'another token' }))).rejects.toThrow('source down')
  })

  test('in memory alone it is honoured by a load', async () => {
    const { clock, cache } = memoryScene()
    let loads = 0
    const node = cache.node({ name: 'n', key: (id: string) => id, load: () => ++loads })
    await soon(clock, node.get('a'))
    expect(await soon(clock, node.get('a', { after: 'from elsewhere' }))).toBe(2)
    expect(await soon(clock, node.get('a', { after: 'from elsewhere' }))).toBe(2)
    const { token } = await node.invalidate('b')
    expect(await soon(clock, node.get('a', { after: token }))).toBe(2)
  })
})

describe('after a commit', () => {
  /** A connection that writes down what it is asked. */
  function connection(answers: Record<string, unknown> = {}) {
    const asked: string[] = []
    return {
      asked,
      async query(text: string): Promise<unknown> {
        asked.push(text)
        const answer = answers[text]
        if (answer instanceof Error) throw answer
        return answer
      },
    }
  }

  async function world(): Promise<{ clock: VirtualClock; ours: Scene; node: ReturnType<typeof reading> }> {
    const { clock, ours } = twoProcesses()
    const node = reading(ours, { a: 1, b: 1 }, { tags: (id) => [`of ${id}`] })
    await soon(clock, node.getMany(['a', 'b']))
    operationsOf(ours.shared)
    return { clock, ours, node }
  }

  test('nothing is invalidated before it, and everything after it, with one token', async () => {
    const { clock, ours, node } = await world()
    const client = connection()
    const { result, changed } = await soon(
      clock,
      ours.cache.invalidateAfterCommit(client, async (later) => {
        later.invalidate(node, 'a')
        later.invalidate({ tags: ['of b'] })
        await client.query('UPDATE')
        expect([node.peek('a'), node.peek('b')]).toEqual([1, 1])
        return 'done'
      }),
    )
    expect(client.asked).toEqual(['BEGIN', 'UPDATE', 'COMMIT'])
    expect([result, node.peek('a'), node.peek('b')]).toEqual(['done', undefined, undefined])
    expect(changed).toEqual({ entryCount: 1, labelCount: 1, token: changed.token })
    expect(changed.token).toMatch(/^[\w-]{20,}$/)
  })

  test('a rollback forgets it, and its error is the work’s', async () => {
    const { clock, ours, node } = await world()
    const client = connection({ ROLLBACK: new Error('connection lost') })
    const work = ours.cache.invalidateAfterCommit(client, (later) => {
      later.invalidate(node, 'a')
      throw new Error('no')
    })
    await expect(soon(clock, work)).rejects.toThrow('no')
    expect(client.asked).toEqual(['BEGIN', 'ROLLBACK'])
    expect([node.peek('a'), operationsOf(ours.shared)]).toEqual([1, []])
  })

  test('a COMMIT whose outcome nobody knows invalidates', async () => {
    const { clock, ours, node } = await world()
    const client = connection({ COMMIT: new Error('connection lost') })
    const work = ours.cache.invalidateAfterCommit(client, (later) => later.expire({ tags: ['of a'] }))
    await expect(soon(clock, work)).rejects.toThrow('connection lost')
    expect(node.peek('a')).toBeUndefined()
  })

  test('a COMMIT that is answered with a ROLLBACK is an error, and invalidates nothing', async () => {
    const { clock, ours, node } = await world()
    const client = connection({ COMMIT: { command: 'ROLLBACK' } })
    const work = ours.cache.invalidateAfterCommit(client, (later) => later.invalidate(node, 'a'))
    await expect(soon(clock, work)).rejects.toThrow('rolled back at its COMMIT')
    expect(node.peek('a')).toBe(1)
  })

  test('what was committed and could not be invalidated says so', async () => {
    const { clock, ours, node } = await world()
    down(ours)
    const work = ours.cache.invalidateAfterCommit(connection(), (later) => later.invalidate(node, 'a'))
    await expect(soon(clock, work)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining('the transaction was committed, but') as string,
    })
    expect(node.peek('a')).toBeUndefined()
  })

  test('a selector that makes no sense is refused at once, and nothing is noted when it is over', async () => {
    const { clock, ours, node } = await world()
    const later = ours.cache.afterCommit()
    expect(() => later.invalidate({})).toThrow('afterCommit: invalidate: expected at least one of')
    later.invalidate({ tags: ['of a'] })
    await soon(clock, later.commit())
    expect(node.peek('a')).toBeUndefined()
    expect(() => later.invalidate(node, 'b')).toThrow('the transaction is over')
    expect(await soon(clock, later.commit())).toMatchObject({ entryCount: 0, labelCount: 0 })
  })
})
