import { describe, expect, expectTypeOf, test } from 'vitest'
import type { LocalStorage } from '../../src/contracts/local-storage.ts'
import { memory, MemoryCache, type PolicyName } from '../../src/doors/memory.ts'
import { policyNames } from '../../src/policies/create-policy.ts'
import { StillClock } from './clock.ts'

describe('a memory cache', () => {
  test('gives back what was set, and undefined for what was not', () => {
    const cache = new MemoryCache<string, number>()
    expect(cache.set('a', 1)).toBe(true)
    expect(cache.get('a')).toBe(1)
    expect(cache.get('b')).toBeUndefined()
    expect(cache.has('a')).toBe(true)
    expect(cache.has('b')).toBe(false)
    expect(cache.size).toBe(1)
  })

  test('keeps null, false, 0 and the empty string, and refuses undefined', () => {
    const cache = new MemoryCache()
    for (const value of [null, false, 0, '']) {
      cache.set('a', value)
      expect(cache.get('a')).toBe(value)
    }
    expect(() => cache.set('a', undefined)).toThrow('undefined means absent')
  })

  test('overwrites, deletes and clears', () => {
    const cache = new MemoryCache<string, number>()
    cache.set('a', 1)
    cache.set('a', 2)
    expect([cache.get('a'), cache.size]).toEqual([2, 1])
    expect([cache.delete('a'), cache.delete('a')]).toEqual([true, false])
    cache.set('b', 3)
    cache.clear()
    expect([cache.get('b'), cache.size, [...cache.keys()]]).toEqual([undefined, 0, []])
    cache.set('b', 4)
    expect(cache.get('b')).toBe(4)
  })

  test('takes numbers, objects and anything else as keys, also mixed', () => {
    const cache = new MemoryCache<unknown, string>()
    const object = {}
    const keys = [7, '7', 7.5, object, {}, null, undefined, Number.NaN, true, 10n, Symbol.iterator, [7]]
    keys.forEach((key, index) => cache.set(key, `${index}`))
    expect(keys.map((key) => cache.get(key))).toEqual(keys.map((_, index) => `${index}`))
    expect(cache.size).toBe(keys.length)
    cache.check()
    cache.clear()
    cache.set('again', 'a string')
    expect(cache.get('again')).toBe('a string')
  })

  test('peeks without leaving a trace', () => {
    const cache = new MemoryCache<string, number>({ maxEntries: 2, policy: 'lru' })
    cache.set('a', 1)
    cache.set('b', 2)
    expect([cache.peek('a'), cache.has('a')]).toEqual([1, true])
    cache.set('c', 3)
    expect([cache.peek('a'), cache.peek('b')]).toEqual([undefined, 2])
  })

  test('computes what it has not, once', () => {
    const cache = new MemoryCache<number, number>()
    let computed = 0
    const square = (n: number): number => {
      computed++
      return n * n
    }
    expect([cache.getOrCompute(3, square), cache.getOrCompute(3, square), computed]).toEqual([9, 9, 1])
  })

  test('keeps nothing when a computation throws or has no answer', () => {
    const cache = new MemoryCache<string, number | undefined>()
    expect(() =>
      cache.getOrCompute('a', () => {
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(cache.getOrCompute('a', () => undefined)).toBeUndefined()
    expect(cache.size).toBe(0)
  })

  test('lets a computation use the cache', () => {
    const cache = new MemoryCache<number, number>({ maxEntries: 8 })
    const fibonacci = (n: number): number =>
      n < 2 ? n : cache.getOrCompute(n - 1, fibonacci) + cache.getOrCompute(n - 2, fibonacci)
    expect(cache.getOrCompute(60, fibonacci)).toBe(1548008755920)
    cache.check()
  })

  test('lists its entries, and calls back with each', () => {
    const cache = new MemoryCache<string, number>()
    cache.set('a', 1)
    cache.set('b', 2)
    expect(new Map(cache.entries())).toEqual(new Map(Object.entries({ a: 1, b: 2 })))
    expect(new Map(cache)).toEqual(new Map(cache.entries()))
    expect(new Set(cache.values())).toEqual(new Set([1, 2]))
    const seen: unknown[] = []
    cache.forEach((value, key, whole) => seen.push([key, value, whole === cache]))
    expect(seen).toEqual([
      ['a', 1, true],
      ['b', 2, true],
    ])
  })

  test('goes on listing while it is changed: what stays comes once, what has gone does not', () => {
    const cache = new MemoryCache<number, number>({ maxEntries: 100 })
    for (let n = 0; n < 100; n++) cache.set(n, n)
    const seen: number[] = []
    for (const key of cache.keys()) {
      seen.push(key)
      if (key % 2 === 0) cache.delete(key + 1)
      if (key === 50) cache.set(1000, 1000)
    }
    expect(seen.filter((key) => key < 1000)).toEqual(Array.from({ length: 50 }, (_, n) => n * 2))
    const keys = cache.keys()
    expect(keys.next().done).toBe(false)
    cache.clear()
    expect(keys.next().done).toBe(true)
  })

  test('says what it is and what it has', () => {
    const cache = memory<number>({ maxEntries: 2 })
    for (const key of ['a', 'b', 'c']) cache.set(key, 1)
    expect(cache.kind).toBe('private')
    expect(cache.type).toBe('memory')
    expect(cache.stats()).toEqual({
      entryCount: 2,
      evictionCount: { capacity: 1, expired: 0 },
      policy: 'tinylfu',
      weight: 0,
      refusedCount: 0,
    })
  })

  test('is a private storage', () => {
    expectTypeOf(memory<Date>()).toExtend<LocalStorage<Date>>()
    expectTypeOf(memory()).toExtend<LocalStorage>()
  })

  test('does not ask the clock while no lifetime is in use, nor when it is told the time', () => {
    const clock = new StillClock()
    const cache = new MemoryCache<string, number>({ clock })
    cache.set('a', 1)
    cache.get('a')
    expect(clock.asked).toBe(0)
    cache.set('a', 1, { ttl: 100 })
    const before = clock.asked
    expect(cache.get('a', clock.time + 99)).toBe(1)
    expect(cache.get('a', clock.time + 100)).toBeUndefined()
    expect(clock.asked).toBe(before)
  })

  test.each([
    [{ maxEntries: 0 }, 'maxEntries'],
    [{ maxEntries: 1.5 }, 'maxEntries'],
    [{ maxEntries: 2 ** 25 }, 'maxEntries'],
    [{ maxWeight: 10 }, 'weigh'],
    [{ maxWeight: 0, weigh: () => 1 }, 'maxWeight'],
    [{ maxWeight: Number.NaN, weigh: () => 1 }, 'maxWeight'],
    [{ ttl: 0 }, 'ttl'],
    [{ ttl: 0.5 }, 'ttl'],
    [{ policy: 'mru' as PolicyName }, 'policy: expected one of tinylfu, lru'],
  ])('refuses %o', (options, message) => {
    expect(() => new MemoryCache(options)).toThrow(message)
  })
})

describe.each(policyNames)('with %s', (policy) => {
  test('never has more entries than it may, not even while it tells', () => {
    const sizes: number[] = []
    const cache: MemoryCache<number, number> = new MemoryCache<number, number>({
      maxEntries: 10,
      policy,
      onEvict: () => sizes.push(cache.size),
    })
    for (let n = 0; n < 100; n++) cache.set(n, n)
    expect(Math.max(...sizes)).toBe(10)
    expect(sizes.length).toBe(90)
    cache.check()
  })

  test('shrinks at once and grows again', () => {
    const cache = new MemoryCache<number, number>({ maxEntries: 100, policy })
    for (let n = 0; n < 100; n++) cache.set(n, n)
    cache.resize({ maxEntries: 10 })
    expect([cache.size, cache.stats().evictionCount.capacity, cache.maxEntries]).toEqual([10, 90, 10])
    cache.check()
    cache.resize({ maxEntries: 200 })
    for (let n = 1000; n < 1190; n++) cache.set(n, n)
    expect(cache.size).toBe(200)
    cache.check()
  })
})

describe('values', () => {
  test('are the very objects that were set', () => {
    const cache = new MemoryCache<string, object>()
    const value = { a: 1 }
    cache.set('a', value)
    expect(cache.get('a')).toBe(value)
    expect(Object.isFrozen(value)).toBe(false)
  })

  test('are frozen, as deep as plain objects and lists go, if that is wished', () => {
    const cache = new MemoryCache<string, { list: { n: number }[]; at: Date }>({ freeze: true })
    cache.set('a', { list: [{ n: 1 }], at: new Date(0) })
    const value = cache.get('a')!
    expect([value, value.list, value.list[0]].every(Object.isFrozen)).toBe(true)
    expect(Object.isFrozen(value.at)).toBe(false)
  })

  test('are copies, going in and coming out, if that is wished', () => {
    const cache = new MemoryCache<string, { n: number }>({ clone: true })
    const value = { n: 1 }
    cache.set('a', value)
    value.n = 2
    for (const read of [cache.get('a')!, cache.peek('a')!, [...cache.values()][0]!, cache.dump().entries[0]![1]]) {
      expect(read).toEqual({ n: 1 })
      read.n = 3
    }
    expect(cache.get('a')).toEqual({ n: 1 })
  })

  test('that are copied and frozen are handed out as they are', () => {
    const cache = new MemoryCache<string, { n: number }>({ clone: ({ n }) => ({ n }), freeze: true })
    const value = { n: 1 }
    cache.set('a', value)
    expect(cache.get('a')).not.toBe(value)
    expect(cache.get('a')).toBe(cache.get('a'))
    expect(Object.isFrozen(value)).toBe(false)
  })
})
