import { describe, expect, test, vi } from 'vitest'
import { type Cache, createCache, memory, structured } from 'tiercel'
import { simpleStorage, virtualClock, type VirtualClock } from 'tiercel/testing'
import { rejectionOf } from '../kernel/refusal.ts'

/** What holds for entries without a node holds wherever they are kept. */
const kinds: Readonly<Record<string, () => { clock: VirtualClock; cache: Cache }>> = {
  'in memory': () => {
    const clock = virtualClock()
    return { clock, cache: createCache({ clock }) }
  },
  'in a shared storage': () => {
    const clock = virtualClock()
    return { clock, cache: createCache({ clock, storages: { shared: simpleStorage({ clock }) } }) }
  },
  'in both': () => {
    const clock = virtualClock()
    return {
      clock,
      cache: createCache({ clock, storages: { local: memory({ clock }), shared: simpleStorage({ clock }) } }),
    }
  },
}

describe.each(Object.entries(kinds))('entries without a node, %s', (_, make) => {
  test('are there once they are set, until they are deleted', async () => {
    const { cache } = make()
    expect([await cache.get('k'), await cache.has('k'), (await cache.delete('k')).existed]).toEqual([
      undefined,
      false,
      false,
    ])
    await cache.set('k', { a: 1 })
    expect([await cache.get('k'), await cache.has('k')]).toEqual([{ a: 1 }, true])
    expect([(await cache.delete('k')).existed, await cache.get('k'), await cache.has('k')]).toEqual([
      true,
      undefined,
      false,
    ])
  })

  test.each([null, 0, '', false])('DEFECTS 25: %j is set, found, and loaded once', async (value) => {
    const { cache } = make()
    await cache.set('set', value)
    expect([await cache.get('set'), await cache.has('set')]).toEqual([value, true])
    const load = vi.fn<() => unknown>(() => value)
    expect(await cache.getOrLoad('loaded', load)).toBe(value)
    await cache.idle()
    expect([await cache.getOrLoad('loaded', load), load.mock.calls.length]).toEqual([value, 1])
    expect(await cache.delete('set')).toMatchObject({ existed: true })
  })

  test('undefined is refused when it is set, and answered but not kept when it is loaded', async () => {
    const { cache } = make()
    expect((await rejectionOf(cache.set('k', undefined as unknown))).code).toBe('INVALID_OPTION')
    const load = vi.fn<() => unknown>()
    expect([await cache.getOrLoad('k', load), await cache.getOrLoad('k', load)]).toEqual([undefined, undefined])
    expect(load).toHaveBeenCalledTimes(2)
    expect(await cache.has('k')).toBe(false)
  })

  test('live as long as each was given', async () => {
    const { cache, clock } = make()
    await cache.set('short', 1, { ttl: '10s' })
    await cache.set('usual', 2)
    await cache.set('ever', 3, { ttl: null })
    await cache.getOrLoad('loaded', () => 4, { ttl: '20s' })
    await clock.advance(0)
    const left = async (): Promise<unknown[]> =>
      Promise.all(['short', 'usual', 'ever', 'loaded'].map((key) => cache.get(key)))
    expect(await left()).toEqual([1, 2, 3, 4])
    clock.tick(10_000)
    expect(await left()).toEqual([undefined, 2, 3, 4])
    clock.tick(10_000)
    expect(await left()).toEqual([undefined, 2, 3, undefined])
    clock.tick(280_000)
    expect(await left()).toEqual([undefined, undefined, 3, undefined])
  })

  test('a nonsense lifetime is refused, and says where', async () => {
    const { cache } = make()
    const refused = await rejectionOf(cache.set('k', 1, { ttl: '5 parsecs' as '5s' }))
    expect([refused.code, refused.message]).toEqual([
      'INVALID_OPTION',
      expect.stringMatching(/^cache\.set: ttl: expected a duration/),
    ])
    const load = vi.fn<() => number>()
    const refusedToo = await rejectionOf(cache.getOrLoad('k', load, { staleIfError: -1 }))
    expect(refusedToo.message).toMatch(/^cache\.getOrLoad: staleIfError: expected a duration/)
    expect(load).not.toHaveBeenCalled()
  })

  test('are loaded once for all who ask meanwhile', async () => {
    const { cache } = make()
    const load = vi.fn<() => Promise<string>>(() => Promise.resolve('v'))
    expect(await Promise.all([1, 2, 3].map(() => cache.getOrLoad('k', load)))).toEqual(['v', 'v', 'v'])
    expect(load).toHaveBeenCalledOnce()
  })

  test('are loaded anew where they are older than asked for', async () => {
    const { cache, clock } = make()
    await cache.set('k', 'old')
    clock.tick(1_000)
    expect(await cache.getOrLoad('k', () => 'new', { maxAge: 1_000 })).toBe('old')
    expect(await cache.getOrLoad('k', () => 'new', { maxAge: 999 })).toBe('new')
  })

  test('a caller can give up waiting', async () => {
    const { cache } = make()
    const leaving = new AbortController()
    const left = cache.getOrLoad('k', () => new Promise<string>(() => {}), { signal: leaving.signal })
    const reason = new Error('tired')
    leaving.abort(reason)
    await expect(left).rejects.toBe(reason)
  })

  test('have keys of their own: no node shares them', async () => {
    const { cache } = make()
    const user = cache.node({ name: 'user', key: (id: string) => id, load: (id) => `user ${id}` })
    await user.get('k')
    await cache.idle()
    expect(await cache.get('k')).toBeUndefined()
    await cache.set('k', 'plain')
    expect([await cache.get('k'), user.peek('k') ?? (await user.get('k'))]).toEqual(['plain', 'user k'])
    await cache.delete('k')
    expect(await user.has('k')).toBe(true)
  })

  test('DEFECTS 16: clearing takes all of them, and the nodes’, and nothing of another prefix', async () => {
    const { cache, clock } = make()
    const user = cache.node({ name: 'user', key: (id: string) => id, load: (id) => `user ${id}` })
    await Promise.all([cache.set('k', 1), user.get('7')])
    await cache.idle()
    const other = createCache({ prefix: 'tiercel2', clock, storages: Object.fromEntries(cache.storages()) })
    await other.set('k', 'other')
    await cache.clear()
    expect([await cache.has('k'), await user.has('7'), await other.get('k')]).toEqual([false, false, 'other'])
  })
})

test('of memory, what comes back is the very object; of a shared storage, an equal one', async () => {
  const value = { a: [1] }
  const [near, far] = [createCache(), createCache({ storages: { shared: simpleStorage() } })]
  await Promise.all([near.set('k', value), far.set('k', value)])
  expect(await near.get('k')).toBe(value)
  expect(await far.get('k')).toEqual(value)
  expect(await far.get('k')).not.toBe(value)
})

test('DEFECTS 26: a value its serializer would change is refused when it is set, and kept by one that carries it', async () => {
  const cache = createCache({ storages: { shared: simpleStorage() } })
  expect((await rejectionOf(cache.set('k', new Date(0)))).code).toBe('UNSERIALIZABLE')
  const rich = createCache({ storages: { shared: simpleStorage() }, serializer: structured() })
  await rich.set('k', new Date(0))
  expect(await rich.get('k')).toEqual(new Date(0))
})

test('with enabled: false what others have set is not there either', async () => {
  const shared = simpleStorage()
  const [on, off] = [true, false].map((enabled) => createCache({ storages: { shared: shared.another() }, enabled }))
  await on?.set('k', 'set')
  expect([await off?.get('k'), await off?.has('k')]).toEqual([undefined, false])
})

test('with enabled: false they are never there, and always loaded', async () => {
  const cache = createCache({ enabled: false })
  await cache.set('k', 'set')
  expect([await cache.get('k'), await cache.has('k'), (await cache.delete('k')).existed]).toEqual([
    undefined,
    false,
    false,
  ])
  const load = vi.fn<() => string>(() => 'loaded')
  expect([await cache.getOrLoad('k', load), await cache.getOrLoad('k', load)]).toEqual(['loaded', 'loaded'])
  expect(load).toHaveBeenCalledTimes(2)
})
