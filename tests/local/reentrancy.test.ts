import { describe, expect, test } from 'vitest'
import { MemoryCache } from '../../src/doors/memory.ts'
import { policyNames } from '../../src/policies/create-policy.ts'

describe.each(policyNames)('with %s, somebody who is told of an entry that goes', (policy) => {
  test('may set, get, delete and clear, and finds everything in order', () => {
    let calls = 0
    const cache: MemoryCache<number, number> = new MemoryCache<number, number>({
      maxEntries: 8,
      policy,
      onEvict(key, _value, reason) {
        cache.check()
        calls++
        if (reason === 'capacity' && key < 1000 && key % 5 === 0) cache.set(key + 100_000, 1)
        if (reason === 'capacity' && key % 7 === 0) cache.delete(key + 1)
        if (key === 500) cache.clear()
        cache.get(key + 2)
        cache.check()
      },
    })
    for (let n = 0; n < 1000; n++) {
      cache.set(n, n)
      cache.check()
    }
    expect(calls).toBeGreaterThan(900)
  })

  test('may throw: the cache is whole, what was set is there, and the error reaches the one who set it', () => {
    const cache = new MemoryCache<number, number>({
      maxEntries: 4,
      policy,
      onEvict: (key) => {
        throw new Error(`told of ${key}`)
      },
    })
    for (let n = 0; n < 4; n++) cache.set(n, n)
    for (let n = 4; n < 50; n++) {
      expect(() => cache.set(n, n)).toThrow('told of')
      cache.check()
      expect(cache.size).toBe(4)
    }
    expect(cache.has(49)).toBe(true)
    expect(() => cache.clear()).toThrow('told of')
    expect(cache.size).toBe(0)
    cache.check()
  })
})

test('everybody is told of, also after one telling has thrown', () => {
  const told: number[] = []
  const cache = new MemoryCache<number, number>({
    onEvict(key) {
      told.push(key)
      if (key === 1) throw new Error('one')
    },
  })
  for (const key of [0, 1, 2]) cache.set(key, key)
  expect(() => cache.clear()).toThrow('one')
  expect(told).toEqual([0, 1, 2])
})

test('each going is told once, with its reason, when the operation is complete', () => {
  const told: unknown[] = []
  const cache: MemoryCache<string, number> = new MemoryCache<string, number>({
    maxEntries: 2,
    policy: 'lru',
    onEvict: (key, value, reason) => told.push([key, value, reason, [...cache.keys()].toSorted().join('')]),
  })
  cache.set('a', 1)
  cache.set('a', 2)
  cache.set('b', 3)
  cache.set('c', 4)
  cache.delete('b')
  expect(told).toEqual([
    ['a', 1, 'replaced', 'a'],
    ['a', 2, 'capacity', 'bc'],
    ['b', 3, 'deleted', 'c'],
  ])
})

test('putting back everything that goes comes to an end, and says so', () => {
  const cache: MemoryCache<number, number> = new MemoryCache<number, number>({
    maxEntries: 2,
    policy: 'fifo',
    onEvict: (key, value, reason) => void (reason === 'capacity' && cache.set(key, value)),
  })
  cache.set(1, 1)
  cache.set(2, 2)
  expect(() => cache.set(3, 3)).toThrow('every call made another entry go')
  cache.check()
})

test('weighing may use the cache, or throw', () => {
  let weigh = (): number => 1
  const cache: MemoryCache<string, number> = new MemoryCache<string, number>({ maxWeight: 4, weigh: () => weigh() })
  cache.set('a', 1)
  weigh = () => {
    weigh = () => 1
    cache.set('a', 2)
    for (const key of 'bcdefg') cache.set(key, 0)
    cache.delete('a')
    return 3
  }
  expect(cache.set('a', 3)).toBe(true)
  expect([cache.get('a'), cache.stats().weight <= 4]).toEqual([3, true])
  cache.check()
  weigh = () => {
    throw new Error('no scales')
  }
  expect(() => cache.set('a', 4)).toThrow('no scales')
  expect(cache.get('a')).toBe(3)
  cache.check()
})
