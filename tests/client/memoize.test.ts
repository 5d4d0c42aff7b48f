import { describe, expect, test, vi } from 'vitest'
import { createCache, memory } from 'tiercel'
import { simpleStorage, virtualClock } from 'tiercel/testing'
import { listed } from './listed.ts'
import { refusalOf, rejectionOf } from '../kernel/refusal.ts'

describe('a memoized function', () => {
  test('is called once for the same arguments', async () => {
    const cache = createCache()
    const source = vi.fn<(symbol: string, days: number) => string>((symbol, days) => `${symbol} ${days}`)
    const quote = cache.memoize(source, { name: 'quote' })
    expect([await quote('AAPL', 3), await quote('AAPL', 3), await quote('AAPL', 4)]).toEqual([
      'AAPL 3',
      'AAPL 3',
      'AAPL 4',
    ])
    expect(source.mock.calls).toEqual([
      ['AAPL', 3],
      ['AAPL', 4],
    ])
  })

  test('is called once while it is under way', async () => {
    const cache = createCache()
    const source = vi.fn<() => Promise<string>>(() => Promise.resolve('v'))
    const quote = cache.memoize(source, { name: 'quote' })
    expect(await Promise.all([quote(), quote(), quote()])).toEqual(['v', 'v', 'v'])
    expect(source).toHaveBeenCalledOnce()
  })

  test('DEFECTS 45: that fails is not called a second time for it', async () => {
    const cache = createCache()
    const source = vi.fn<() => string>(() => {
      throw new Error('no source')
    })
    const quote = cache.memoize(source, { name: 'quote' })
    await expect(quote()).rejects.toThrow('no source')
    expect(source).toHaveBeenCalledOnce()
  })

  test('DEFECTS 21: tells arguments apart as a reader would', async () => {
    const cache = createCache()
    const source = vi.fn<(...parameters: unknown[]) => number>((...parameters) => parameters.length)
    const counted = cache.memoize(source, { name: 'counted' })
    const calls = [[1], ['1'], [null], [undefined], [[1]], [1, 2], [[1, 2]], [], [{}], [{ a: undefined }]]
    for (const call of calls) await counted(...call)
    for (const call of calls) await counted(...call)
    expect(source).toHaveBeenCalledTimes(calls.length)
  })

  test('takes a key of its author’s, of the arguments it knows', async () => {
    const cache = createCache()
    const source = vi.fn<(user: { id: number; name: string }, locale: string) => string>((user) => user.name)
    const greeting = cache.memoize(source, { name: 'greeting', key: (user, locale) => `${user.id}/${locale}` })
    expect(await greeting({ id: 1, name: 'Ada' }, 'en')).toBe('Ada')
    expect(await greeting({ id: 1, name: 'Bob' }, 'en')).toBe('Ada')
    expect(await greeting({ id: 1, name: 'Bob' }, 'de')).toBe('Bob')
    expect(await listed(greeting.keys())).toEqual(['1/en', '1/de'])
  })

  test('refuses arguments that make no key, and says what to do', async () => {
    const cache = createCache()
    const called = cache.memoize((callback: () => number) => callback(), { name: 'called' })
    const refused = await rejectionOf(called(() => 1))
    expect(refused.code).toBe('UNKEYABLE')
    expect(refused.message).toContain('give a `key` function')
  })

  test('has lifetimes told by its arguments and its value', async () => {
    const clock = virtualClock()
    const cache = createCache({ clock })
    const source = vi.fn<(seconds: number, factor: number) => number>((seconds, factor) => seconds * factor)
    const timed = cache.memoize(source, { name: 'timed', ttl: ([seconds], value) => seconds * value })
    await timed(2, 500)
    clock.tick(1_999)
    expect(timed.peek(2, 500)).toBe(1_000)
    clock.tick(1)
    expect(timed.peek(2, 500)).toBeUndefined()
  })

  test('can be asked and changed by its arguments', async () => {
    const cache = createCache()
    let version = 0
    const quote = cache.memoize((symbol: string) => `${symbol} ${++version}`, {
      name: 'quote',
      staleWhileRevalidate: '1m',
    })
    expect([quote.peek('A'), await quote.has('A'), (await quote.invalidate('A')).existed]).toEqual([
      undefined,
      false,
      false,
    ])
    expect([await quote('A'), quote.peek('A'), await quote.has('A')]).toEqual(['A 1', 'A 1', true])
    expect([await quote.refresh('A'), await quote('A')]).toEqual(['A 2', 'A 2'])
    expect([(await quote.invalidate('A')).existed, await quote('A')]).toEqual([true, 'A 3'])
    await quote.expire('A')
    expect(await quote('A')).toBe('A 3')
    await cache.idle()
    expect(await quote('A')).toBe('A 4')
    await quote('B')
    await quote.invalidateAll()
    expect([quote.peek('A'), quote.peek('B')]).toEqual([undefined, undefined])
    expect(quote.stats()).toMatchObject({ loadCount: 5, staleCount: 1 })
    expect(quote.node).toBe(cache.nodes().get('quote'))
  })

  test('finds its entries in another process', async () => {
    const shared = simpleStorage()
    const source = vi.fn<(id: number) => string>((id) => `user ${id}`)
    const here = createCache({ storages: { shared } })
    const there = createCache({ storages: { shared: shared.another() } })
    expect(await here.memoize(source, { name: 'user' })(7)).toBe('user 7')
    await here.idle()
    expect(await there.memoize(source, { name: 'user' })(7)).toBe('user 7')
    expect(source).toHaveBeenCalledOnce()
  })

  test('with enabled: false is called each time, with what its caller gave', async () => {
    const cache = createCache({ enabled: false })
    const source = vi.fn<(id: number) => string>((id) => `user ${id}`)
    const user = cache.memoize(source, { name: 'user' })
    expect([await user(7), await user(7), user.peek(7), await user.has(7)]).toEqual([
      'user 7',
      'user 7',
      undefined,
      false,
    ])
    expect(source).toHaveBeenCalledTimes(2)
  })
})

describe('its name', () => {
  test('is the function’s own', () => {
    const cache = createCache()
    cache.memoize(function fetchQuote() {
      return 1
    })
    const fetchUser = (): number => 1
    cache.memoize(fetchUser)
    expect([...cache.nodes().keys()]).toEqual(['fetchQuote', 'fetchUser'])
  })

  test('is taken once', () => {
    const cache = createCache()
    const fetchUser = (): number => 1
    cache.memoize(fetchUser)
    const refused = refusalOf(() => cache.memoize(fetchUser))
    expect([refused.code, refused.message]).toEqual([
      'INVALID_OPTION',
      'node \'fetchUser\': expected a name that no other node of this cache has, got "fetchUser"',
    ])
    expect(() => cache.memoize(fetchUser, { name: 'fetchUser again' })).not.toThrow()
  })

  test('DEFECTS 21: no two anonymous functions share entries', async () => {
    const cache = createCache({ storages: { local: memory() } })
    const [one, other] = [cache.memoize(() => 'one'), cache.memoize(() => 'other')]
    expect([await one(), await other(), await one(), await other()]).toEqual(['one', 'other', 'one', 'other'])
  })

  test('has to be given to an anonymous function whose entries other processes could find', () => {
    const cache = createCache({ storages: { shared: simpleStorage() } })
    const refused = refusalOf(() => cache.memoize(() => 1))
    expect([refused.code, refused.message]).toEqual([
      'INVALID_OPTION',
      'memoize: name: expected a name for an anonymous function, so that other processes find its entries, got a function',
    ])
    expect(() => cache.memoize(() => 1, { name: 'named' })).not.toThrow()
  })
})
