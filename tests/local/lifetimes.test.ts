import { describe, expect, test } from 'vitest'
import { MemoryCache } from '../../src/doors/memory.ts'
import { StillClock } from './clock.ts'

describe('lifetimes', () => {
  test('end an entry at its moment, not before and not after', () => {
    const clock = new StillClock()
    const cache = new MemoryCache<string, number>({ clock, ttl: '1s' })
    cache.set('a', 1)
    clock.turn(999)
    expect([cache.get('a'), cache.peek('a'), cache.has('a')]).toEqual([1, 1, true])
    clock.turn(1)
    expect([cache.peek('a'), cache.has('a'), [...cache.keys()]]).toEqual([undefined, false, []])
    expect([cache.get('a'), cache.size]).toEqual([undefined, 0])
    expect(cache.stats().evictionCount).toEqual({ capacity: 0, expired: 1 })
  })

  test('are an entry’s own before the cache’s, and begin anew with every set', () => {
    const clock = new StillClock()
    const cache = new MemoryCache<string, number>({ clock, ttl: 1000 })
    cache.set('short', 1, { ttl: 100 })
    cache.set('long', 1, { ttl: '1h' })
    cache.set('for ever', 1, { ttl: Infinity })
    cache.set('again', 1)
    clock.turn(600)
    cache.set('again', 2)
    clock.turn(600)
    expect(['short', 'long', 'for ever', 'again'].map((key) => cache.get(key))).toEqual([undefined, 1, 1, 2])
  })

  test('below a millisecond are refused, not rounded', () => {
    const cache = new MemoryCache<string, number>()
    for (const ttl of [0.5, 0, -1, Number.NaN]) {
      expect(() => cache.set('a', 1, { ttl })).toThrow('ttl')
    }
    expect(cache.size).toBe(0)
    cache.set('a', 1, { ttl: 1.5 })
    expect(cache.get('a')).toBe(1)
  })

  test('are looked after without anybody reading: writing anything makes room of what has expired', () => {
    const clock = new StillClock()
    const cache = new MemoryCache<number, number>({ clock, maxEntries: 1000 })
    for (let n = 0; n < 900; n++) cache.set(n, n, { ttl: 1000 })
    clock.turn(1000)
    for (let n = 0; n < 300; n++) cache.set(5000, n)
    expect(cache.size).toBe(1)
    expect(cache.stats().evictionCount).toEqual({ capacity: 0, expired: 900 })
    cache.check()
  })

  test('are looked after by reading something else, too', () => {
    const clock = new StillClock()
    const cache = new MemoryCache<number, number>({ clock, maxEntries: 1000 })
    for (let n = 0; n < 900; n++) cache.set(n, n, { ttl: 1000 })
    cache.set(5000, 1, { ttl: '1h' })
    clock.turn(1000)
    for (let n = 0; n < 300; n++) cache.get(5000)
    expect(cache.size).toBe(1)
  })

  test('an expired entry is not there to delete, and is told as expired', () => {
    const clock = new StillClock()
    const told: unknown[] = []
    const cache = new MemoryCache<string, number>({ clock, onEvict: (...args) => told.push(args) })
    cache.set('a', 1, { ttl: 10 })
    cache.set('b', 2, { ttl: 10 })
    clock.turn(10)
    expect(cache.delete('a')).toBe(false)
    cache.set('b', 3)
    expect(told).toEqual([
      ['a', 1, 'expired'],
      ['b', 2, 'expired'],
    ])
  })

  test('do not outlive what had the slot before', () => {
    const clock = new StillClock()
    const cache = new MemoryCache<string, number>({ clock, maxEntries: 1 })
    cache.set('a', 1, { ttl: 10 })
    cache.set('b', 2)
    clock.turn(1000)
    expect(cache.get('b')).toBe(2)
  })
})

describe('a dump', () => {
  test('lets another cache begin warm, and time goes on for its entries', () => {
    const clock = new StillClock()
    const before = new MemoryCache<string, number>({ clock })
    before.set('a', 1)
    before.set('b', 2, { ttl: 1000 })
    before.set('c', 3, { ttl: 100 })
    const dump = structuredClone(before.dump())
    clock.turn(500)
    const after = new MemoryCache<string, number>({ clock })
    expect(after.restore(dump)).toBe(2)
    expect(['a', 'b', 'c'].map((key) => after.get(key))).toEqual([1, 2, undefined])
    clock.turn(500)
    expect(after.get('b')).toBeUndefined()
  })

  test('survives JSON', () => {
    const before = new MemoryCache<string, number>()
    before.set('a', 1)
    const after = new MemoryCache<string, number>()
    after.restore(JSON.parse(JSON.stringify(before.dump())) as ReturnType<typeof before.dump>)
    expect(after.get('a')).toBe(1)
  })

  test('of more than fit keeps the most valuable', () => {
    const before = new MemoryCache<number, number>({ maxEntries: 10, policy: 'lru' })
    for (let n = 0; n < 10; n++) before.set(n, n)
    before.get(0)
    const after = new MemoryCache<number, number>({ maxEntries: 2, policy: 'lru' })
    after.restore(before.dump())
    expect(new Set(after.keys())).toEqual(new Set([0, 9]))
  })

  test('can be changed or left out entry by entry when it is read back', () => {
    const before = new MemoryCache<string, number>()
    before.set('a', 1)
    before.set('b', 2)
    const after = new MemoryCache<string, number>()
    expect(after.restore(before.dump(), { revive: (key, value) => (key === 'a' ? undefined : value * 10) })).toBe(1)
    expect([...after.entries()]).toEqual([['b', 20]])
  })

  test('that is none is refused', () => {
    const cache = new MemoryCache<string, number>()
    for (const dump of [undefined, null, {}, { format: 'tiercel-memory-2', entries: [] }, []]) {
      expect(() => cache.restore(dump as never)).toThrow('expected what dump() gave')
    }
  })
})
