import { describe, expect, expectTypeOf, test } from 'vitest'
import { memoizeSync, memory, MemoryCache } from '../../src/doors/memory.ts'
import { StillClock } from './clock.ts'

describe('a memoized synchronous function', () => {
  test('is called once for the same arguments, and stays synchronous', () => {
    let calls = 0
    const add = memoizeSync((one: number, other: number) => {
      calls++
      return one + other
    })
    expect([add(1, 2), add(1, 2), add(2, 1), calls]).toEqual([3, 3, 3, 2])
    expectTypeOf(add).parameters.toEqualTypeOf<[one: number, other: number]>()
    expectTypeOf(add(1, 2)).toEqualTypeOf<number>()
  })

  test('tells arguments apart that look alike', () => {
    let calls = 0
    const count = memoizeSync((..._values: readonly unknown[]) => ++calls)
    for (const values of [[1], ['1'], [[1]], [null], [undefined], [], [{ a: undefined }], [{}]]) count(...values)
    expect(calls).toBe(8)
  })

  test('forgets, looks and tells whether it remembers', () => {
    const square = memoizeSync((n: number) => n * n)
    expect([square.has(3), square.peek(3)]).toEqual([false, undefined])
    square(3)
    expect([square.has(3), square.peek(3)]).toEqual([true, 9])
    expect([square.invalidate(3), square.invalidate(3), square.has(3)]).toEqual([true, false, false])
  })

  test('keeps a result for as long as it may', () => {
    const clock = new StillClock()
    let calls = 0
    const now = memoizeSync(() => ++calls, { cache: memory({ clock }), ttl: '1s' })
    now()
    clock.turn(999)
    expect(now()).toBe(1)
    clock.turn(1)
    expect(now()).toBe(2)
  })

  test('shares a cache with others, and no key', () => {
    const cache = memory({ maxEntries: 100 })
    const one = memoizeSync((n: number) => `one ${n}`, { cache })
    const other = memoizeSync((n: number) => `other ${n}`, { cache })
    expect([one(1), other(1), one(1)]).toEqual(['one 1', 'other 1', 'one 1'])
    expect(cache.size).toBe(2)
  })

  test('takes a key as it is given', () => {
    const cache = memory<string>()
    const name = memoizeSync((user: { id: number; name: string }) => user.name, {
      cache,
      key: ({ id }) => `user:${id}`,
    })
    name({ id: 7, name: 'Ada' })
    expect([cache.get('user:7'), name({ id: 7, name: 'changed' })]).toEqual(['Ada', 'Ada'])
  })

  test('remembers neither errors nor undefined, but null', () => {
    const results: unknown[] = [undefined, null, 'never asked']
    const next = memoizeSync(() => results.shift())
    expect([next(), next(), next()]).toEqual([undefined, null, null])
    const failing = memoizeSync(() => {
      throw new Error('no')
    })
    expect(() => failing()).toThrow('no')
    expect(() => failing()).toThrow('no')
    expect(failing.stats()).toMatchObject({ missCount: 2, loadFailureCount: 2 })
  })

  test('refuses promises: whoever waits for one wants another kind of cache', () => {
    const later = memoizeSync(() => Promise.resolve(1), { name: 'later' })
    expect(() => later()).toThrow('later answers with a promise')
  })

  test('calls the function with its own this, also when it calls itself', () => {
    const tree = {
      calls: 0,
      fibonacci: memoizeSync(function fibonacci(
        this: { calls: number; fibonacci(n: number): number },
        n: number,
      ): number {
        this.calls++
        return n < 2 ? n : this.fibonacci(n - 1) + this.fibonacci(n - 2)
      }),
    }
    expect([tree.fibonacci(50), tree.calls]).toEqual([12586269025, 51])
  })

  test('counts, and a rate of nothing is 0', () => {
    const square = memoizeSync((n: number) => n * n, { cache: new MemoryCache() })
    expect(square.stats()).toMatchObject({ requestCount: 0, hitRate: 0, missRate: 0 })
    for (const n of [1, 1, 1, 2]) square(n)
    expect(square.stats()).toEqual({
      requestCount: 4,
      hitCount: 2,
      missCount: 2,
      hitRate: 0.5,
      missRate: 0.5,
      loadFailureCount: 0,
    })
  })
})
