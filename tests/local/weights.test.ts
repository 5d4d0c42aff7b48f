import { describe, expect, test } from 'vitest'
import { MemoryCache } from '../../src/doors/memory.ts'

const texts = (maxWeight: number, onEvict?: (key: string, value: string, reason: string) => void) =>
  new MemoryCache<string, string>({
    maxWeight,
    weigh: (_key, value) => value.length,
    policy: 'lru',
    ...(onEvict === undefined ? {} : { onEvict }),
  })

describe('weights', () => {
  test('bound what all entries weigh together', () => {
    const cache = texts(10)
    cache.set('a', 'xxxx')
    cache.set('b', 'xxxx')
    expect(cache.stats().weight).toBe(8)
    cache.set('c', 'xxxx')
    expect([[...cache.keys()].toSorted(), cache.stats().weight]).toEqual([['b', 'c'], 8])
  })

  test('refuse what is heavier than the whole cache, and say so', () => {
    const told: unknown[] = []
    const cache = texts(10, (...args) => told.push(args))
    cache.set('a', 'x')
    cache.set('b', 'x')
    expect(cache.set('c', 'x'.repeat(11))).toBe(false)
    expect(cache.set('c', 'x'.repeat(10))).toBe(true)
    expect([...cache.keys()]).toEqual(['c'])
    // What it had before is no longer true: it goes, though nothing takes its place.
    expect(cache.set('c', 'x'.repeat(11))).toBe(false)
    expect([cache.get('c'), cache.stats().refusedCount]).toEqual([undefined, 2])
    expect(told.at(-1)).toEqual(['c', 'x'.repeat(10), 'replaced'])
  })

  test('make others go when an entry becomes heavier, but not itself', () => {
    const cache = texts(10)
    cache.set('a', 'xx')
    cache.set('b', 'xx')
    cache.set('c', 'xx')
    cache.set('a', 'x'.repeat(8))
    expect(Object.fromEntries(cache)).toEqual({ a: 'x'.repeat(8), c: 'xx' })
    cache.check()
    cache.set('a', 'x')
    expect(cache.stats().weight).toBe(3)
  })

  test('may be nothing, and may be parts', () => {
    const cache = new MemoryCache<number, number>({ maxWeight: 1, weigh: (_key, value) => value })
    for (let n = 0; n < 100; n++) cache.set(n, 0)
    expect(cache.size).toBe(100)
    for (let n = 0; n < 100; n++) cache.set(n, 0.1)
    expect(cache.stats().weight).toBeLessThanOrEqual(1)
    cache.check()
  })

  test('are nothing together when nothing is left, whatever was rounded on the way', () => {
    const cache = new MemoryCache<number, number>({ maxWeight: 10, weigh: (_key, value) => value })
    for (const [key, value] of [0.1, 0.2, 0.3].entries()) cache.set(key, value)
    for (const key of [0, 1, 2]) cache.delete(key)
    expect(cache.stats().weight).toBe(0)
  })

  test('that are no weights are refused, and nothing has happened', () => {
    let weight: unknown = 1
    const cache = new MemoryCache<string, string>({ maxWeight: 10, weigh: () => weight as number })
    cache.set('a', 'old')
    for (weight of [-1, Number.NaN, Infinity, '1', undefined]) expect(() => cache.set('a', 'new')).toThrow('weigh')
    expect(cache.get('a')).toBe('old')
    cache.check()
  })

  test('can be bounded anew', () => {
    const cache = texts(100)
    for (let n = 0; n < 10; n++) cache.set(`${n}`, 'x'.repeat(10))
    cache.resize({ maxWeight: 35 })
    expect([cache.size, cache.stats().weight]).toEqual([3, 30])
    expect(() => new MemoryCache().resize({ maxWeight: 1 })).toThrow('made without')
  })
})
