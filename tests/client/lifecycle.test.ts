import { AsyncLocalStorage } from 'node:async_hooks'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type Cache, createCache, memory } from 'tiercel'
import { faultyStorage, simpleStorage, virtualClock } from 'tiercel/testing'
import { turn } from '../flight/turns.ts'
import { refusalOf, rejectionOf } from '../kernel/refusal.ts'

describe('close', () => {
  test('every call fails afterwards, and says why', async () => {
    const cache = createCache({ storages: { local: memory(), shared: simpleStorage() } })
    const user = cache.node({ name: 'user', load: (id: number) => `user ${id}` })
    await user.get(7)
    await cache.set('k', 'v')
    await cache.close()
    const calls: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['node.get', () => user.get(7)],
      ['node.get with options', () => user.get(7, { maxAge: '1m' })],
      ['node.getMany', () => user.getMany([7, 8])],
      ['node.set', () => user.set(7, 'other')],
      ['node.has', () => user.has(7)],
      ['node.refresh', () => user.refresh(7)],
      ['node.invalidate', () => user.invalidate(7)],
      ['node.expire', () => user.expire(7)],
      ['node.invalidateAll', () => user.invalidateAll()],
      ['node.keys', async () => user.keys()[Symbol.asyncIterator]().next()],
      ['cache.get', () => cache.get('k')],
      ['cache.set', () => cache.set('k', 'v')],
      ['cache.getOrLoad', () => cache.getOrLoad('k', () => 'v')],
      ['cache.delete', () => cache.delete('k')],
      ['cache.has', () => cache.has('k')],
      ['cache.clear', () => cache.clear()],
    ]
    const codes = await Promise.all(calls.map(async ([name, call]) => [name, (await rejectionOf(call())).code]))
    expect(codes).toEqual(calls.map(([name]) => [name, 'CLOSED']))
    expect(user.peek(7)).toBeUndefined()
  })

  test('with enabled: false a list is asked for at once, if the node can', async () => {
    const asked: (readonly number[])[] = []
    const node = createCache({ enabled: false }).node({
      name: 'n',
      key: (id: number) => id,
      loadMany: async (list) => {
        asked.push(list)
        return list.map((id) => (id < 0 ? new Error('negative') : id * 2))
      },
    })
    expect(await node.getMany([1, 2, 1])).toEqual([2, 4, 2])
    expect(await node.get(3)).toBe(6)
    await expect(node.getMany([1, -1])).rejects.toThrow('negative')
    expect(asked).toEqual([[1, 2, 1], [3], [1, -1]])
  })

  test('a node that is not enabled is closed too', async () => {
    const cache = createCache({ enabled: false })
    const user = cache.node({ name: 'user', load: () => 'user' })
    await cache.close()
    expect((await rejectionOf(user.get())).code).toBe('CLOSED')
  })

  test('lets what is under way come to its end: load, write, and only then the storages', async () => {
    const story: string[] = []
    const shared = faultyStorage(simpleStorage())
    const cache = createCache({ storages: { shared } })
    let finish: (value: string) => void = () => {}
    const user = cache.node({ name: 'user', load: () => new Promise<string>((resolve) => (finish = resolve)) })
    const answer = user.get().then((value) => story.push(`answered ${value}`))
    await turn()
    expect(shared.calls.at(-1)?.operation).toBe('claimMany')
    const closed = cache.close().then(() => story.push('closed'))
    expect((await rejectionOf(user.refresh())).code).toBe('CLOSED')
    finish('user')
    await Promise.all([answer, closed])
    expect(story).toEqual(['answered user', 'closed'])
    expect(shared.calls.map(({ operation }) => operation).slice(-2)).toEqual(['fulfilMany', 'close'])
  })

  test('waits for a load so long and no longer', async () => {
    const clock = virtualClock()
    const cache = createCache({ clock })
    const user = cache.node({ name: 'user', load: () => new Promise<string>(() => {}) })
    void user.get().catch(() => {})
    let closed = false
    const closing = cache.close({ within: '2s' }).then(() => (closed = true))
    await clock.advance(1_999)
    expect(closed).toBe(false)
    await clock.advance(1)
    expect(closed).toBe(true)
    await closing
  })

  test('waits for five seconds where nothing is said', async () => {
    const clock = virtualClock()
    const cache = createCache({ clock })
    void cache
      .node({ name: 'user', load: () => new Promise<string>(() => {}) })
      .get()
      .catch(() => {})
    let closed = false
    void cache.close().then(() => (closed = true))
    await clock.advance(4_999)
    expect(closed).toBe(false)
    await clock.advance(1)
    expect(closed).toBe(true)
  })

  test('what a load brings after the closing is kept nowhere', async () => {
    const local = memory<never>()
    const cache = createCache({ storages: { local } })
    let finish: (value: string) => void = () => {}
    const user = cache.node({ name: 'user', load: () => new Promise<string>((resolve) => (finish = resolve)) })
    const answer = user.get()
    await turn()
    await cache.close({ within: 0 })
    finish('user')
    expect(await answer).toBe('user')
    expect([...local.keys()]).toEqual([])
    expect((await rejectionOf(user.get())).code).toBe('CLOSED')
  })

  test('twice is once', async () => {
    const shared = faultyStorage(simpleStorage())
    const cache = createCache({ storages: { shared } })
    await cache.open()
    await Promise.all([cache.close(), cache.close()])
    await cache.close()
    expect(shared.calls.filter(({ operation }) => operation === 'close')).toHaveLength(1)
  })

  test('tries every storage, and tells of those that failed', async () => {
    const [one, other] = [faultyStorage(simpleStorage()), faultyStorage(simpleStorage())]
    one.fail('close', { error: new Error('line broke') })
    const cache = createCache({ storages: { one, other } })
    await cache.open()
    const error = await rejectionOf(cache.close())
    expect([error.code, error.message]).toEqual([
      'STORAGE_UNAVAILABLE',
      expect.stringMatching(/^1 of 2 storages could not be closed: .*line broke$/),
    ])
    expect(other.calls.at(-1)?.operation).toBe('close')
  })

  test('takes its entries out of memory that it shares with others, and leaves theirs', async () => {
    const local = memory<never>()
    const mine = createCache({ prefix: 'mine', storages: { local } })
    const theirs = createCache({ prefix: 'theirs', storages: { local } })
    await Promise.all([mine.set('k', 1), theirs.set('k', 2)])
    await mine.close()
    expect([await theirs.get('k'), [...local.keys()].length]).toEqual([2, 1])
  })

  test('a nonsense time to wait is refused', async () => {
    const cache = createCache()
    expect(refusalOf(() => cache.close({ within: '5 parsecs' as '5s' })).message).toMatch(
      /^close: within: expected a duration/,
    )
    await cache.set('k', 'still open')
    expect(await cache.get('k')).toBe('still open')
  })
})

describe('open', () => {
  test('opens every storage', async () => {
    const [one, other] = [faultyStorage(simpleStorage()), faultyStorage(simpleStorage())]
    await createCache({ storages: { local: memory(), one, other } }).open()
    expect([one, other].map(({ calls }) => calls[0]?.operation)).toEqual(['open', 'open'])
  })

  test('names each storage that could not be opened, and why; the next time may succeed', async () => {
    const broken = faultyStorage(simpleStorage())
    broken.fail('open', { times: 1, error: new Error('no such host') })
    const cache = createCache({ storages: { sound: simpleStorage(), broken } })
    const error = await rejectionOf(cache.open())
    expect([error.code, error.message]).toEqual([
      'STORAGE_UNAVAILABLE',
      '1 of 2 storages could not be opened: no such host',
    ])
    await cache.open()
    await cache.close()
  })
})

test('await using closes at the end of the block', async () => {
  const shared = faultyStorage(simpleStorage())
  let outer: Cache
  {
    await using cache = createCache({ storages: { shared } })
    await cache.set('k', 'v')
    expect(await cache.get('k')).toBe('v')
    outer = cache
  }
  expect(shared.calls.at(-1)?.operation).toBe('close')
  expect((await rejectionOf(outer.get('k'))).code).toBe('CLOSED')
})

test('disposing is closing', async () => {
  const cache = createCache()
  await cache[Symbol.asyncDispose]()
  expect((await rejectionOf(cache.get('k'))).code).toBe('CLOSED')
})

describe('AsyncLocalStorage', () => {
  const request = new AsyncLocalStorage<string>()

  test('a load that is shared inherits nobody’s', async () => {
    const cache = createCache()
    const seen: (string | undefined)[] = []
    const user = cache.node({
      name: 'user',
      load: async (id: number) => {
        seen.push(request.getStore())
        await Promise.resolve()
        seen.push(request.getStore())
        return id
      },
    })
    await request.run('first', () =>
      Promise.all([user.get(1), request.run('second', () => user.get(1)), user.getMany([2])]),
    )
    await request.run('third', () => user.refresh(1))
    expect(seen).toEqual(Array(6).fill(undefined))
  })

  test('a cache that is made within a request does not keep it', async () => {
    const cache = request.run('maker', () => createCache())
    const seen: (string | undefined)[] = []
    await cache.getOrLoad('k', () => seen.push(request.getStore()))
    expect(seen).toEqual([undefined])
  })

  test('a caller keeps its own, whoever loaded', async () => {
    const cache = createCache()
    const seenBy = (name: string): Promise<string | undefined> =>
      request.run(name, async () => {
        await cache.getOrLoad('k', () => Promise.resolve('v'))
        return request.getStore()
      })
    expect(await Promise.all([seenBy('first'), seenBy('second')])).toEqual(['first', 'second'])
  })

  test('with enabled: false a load is its caller’s own, and so is what it inherits', async () => {
    const cache = createCache({ enabled: false })
    expect(await request.run('first', () => cache.getOrLoad('k', () => request.getStore()))).toBe('first')
  })
})

describe('a process ends by itself', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const run = async (program: string): Promise<string> => {
    const script = `import { createCache, memory } from 'tiercel'; import { simpleStorage } from 'tiercel/testing'; ${program}`
    const options = ['--import', 'tsx', '--input-type=module', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: root, timeout: 8_000 })
    return stdout
  }

  test('that loads the package, and leaves no handle open', async () => {
    // The pipe of its output is the process’s own, and what is read of files, the loader’s.
    const open = `process.getActiveResourcesInfo().filter((kind) => !/Pipe|TTY|File|FSReq/.test(kind))`
    expect(await run(`setImmediate(() => process.stdout.write(JSON.stringify(${open})))`)).toBe('[]')
  })

  test('whatever a cache it did not close still does: a load that never ends, a lease, a stale window', async () => {
    const program = `
      const cache = createCache({ storages: { local: memory(), shared: simpleStorage() } })
      const hanging = cache.node({ name: 'hanging', load: () => new Promise(() => {}), limits: { soft: '1s', hard: '1h' } })
      const user = cache.node({ name: 'user', load: () => 'user', ttl: '1h', staleWhileRevalidate: '1d' })
      cache.on('load', () => {})
      hanging.get()
      user.get().then((value) => process.stdout.write(value))`
    expect(await run(program)).toBe('user')
  })
})

test('what a storage is asked at close is nothing but to close', async () => {
  const asked = faultyStorage(simpleStorage())
  const cache = createCache({ storages: { shared: asked } })
  await cache.set('k', 'v')
  const before = asked.calls.length
  await cache.close()
  expect(asked.calls.slice(before).map(({ operation }) => operation)).toEqual(['close'])
})
