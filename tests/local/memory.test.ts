import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { memory, MemoryCache } from '../../src/doors/memory.ts'
import type { LocalStorage } from '../../src/contracts/local-storage.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { refusalOf } from '../kernel/refusal.ts'

test('says what it is, and on which clock it runs', () => {
  const clock = virtualClock()
  expect(memory({ clock })).toMatchObject({ kind: 'private', type: 'memory', clock })
  expect(memory().clock).toBe(systemClock)
  expect(memory()).toBeInstanceOf(MemoryCache)
})

describe('what was set', () => {
  test('is there, by reference', () => {
    const storage: LocalStorage = memory()
    const value = { a: 1 }
    expect(storage.set('k', value)).toBe(true)
    expect(storage.get('k')).toBe(value)
    expect(storage.peek('k')).toBe(value)
    expect(storage.get('other')).toBeUndefined()
    expect(storage.peek('other')).toBeUndefined()
  })

  test.each([null, 0, '', false])('DEFECTS 25: %j is a value like any other', (value) => {
    const storage = memory()
    storage.set('k', value)
    expect([storage.get('k'), storage.peek('k'), storage.delete('k')]).toEqual([value, value, true])
  })

  test('replaces what was there', () => {
    const storage = memory()
    storage.set('k', 'old')
    storage.set('k', 'new')
    expect([storage.get('k'), storage.stats().entryCount]).toEqual(['new', 1])
  })

  test('is gone when it is deleted, which says whether there was something', () => {
    const storage = memory()
    storage.set('k', 'v')
    expect([storage.delete('k'), storage.delete('k'), storage.get('k')]).toEqual([true, false, undefined])
  })

  test('is gone when everything is deleted', () => {
    const storage = memory()
    for (const key of ['a', 'b']) storage.set(key, key)
    storage.clear()
    expect([storage.get('a'), storage.get('b'), [...storage.keys()], storage.stats().entryCount]).toEqual([
      undefined,
      undefined,
      [],
      0,
    ])
  })
})

describe('a lifetime', () => {
  test('ends when it has passed, to the millisecond', () => {
    const clock = virtualClock()
    const storage = memory({ clock })
    storage.set('k', 'v', { ttl: 100 })
    clock.tick(99)
    expect([storage.peek('k'), storage.get('k')]).toEqual(['v', 'v'])
    clock.tick(1)
    expect([storage.peek('k'), storage.get('k'), storage.delete('k')]).toEqual([undefined, undefined, false])
  })

  test('DEFECTS 28: may be shorter than a second, and below a millisecond is refused, not rounded', () => {
    const clock = virtualClock()
    const storage = memory({ clock })
    storage.set('short', 'v', { ttl: 1 })
    storage.set('longer', 'v', { ttl: 1.5 })
    clock.tick(1)
    expect([storage.get('short'), storage.get('longer')]).toEqual([undefined, 'v'])
    clock.tick(0.5)
    expect(storage.get('longer')).toBeUndefined()
    expect(refusalOf(() => storage.set('shorter', 'v', { ttl: 0.5 })).code).toBe('INVALID_OPTION')
  })

  test('DEFECTS 28: an old one does not kill what was set again', () => {
    const clock = virtualClock()
    const storage = memory({ clock })
    storage.set('k', 'old', { ttl: 100 })
    clock.tick(50)
    storage.set('k', 'new', { ttl: 100 })
    clock.tick(99)
    expect(storage.get('k')).toBe('new')
    storage.set('k', 'newest')
    clock.tick(1e12)
    expect(storage.get('k')).toBe('newest')
  })

  test('is the storage’s own where none is given', () => {
    const clock = virtualClock()
    const storage = memory({ clock, ttl: '1m' })
    storage.set('own', 'v')
    storage.set('given', 'v', { ttl: 120_000 })
    storage.set('endless', 'v', { ttl: Infinity })
    storage.set('absent', 'v', { ttl: undefined })
    clock.tick(60_000)
    expect(['own', 'given', 'endless', 'absent'].map((key) => storage.get(key))).toEqual([
      undefined,
      'v',
      'v',
      undefined,
    ])
  })

  test('is measured against the moment the caller gives', () => {
    const clock = virtualClock({ start: 1_000 })
    const storage = memory({ clock })
    storage.set('k', 'v', { ttl: 100 })
    expect([storage.peek('k', 1_100), storage.peek('k', 1_099)]).toEqual([undefined, 'v'])
    expect([storage.get('k', 1_099), storage.get('k', 1_100)]).toEqual(['v', undefined])
  })

  test('that has ended takes the key off the list', () => {
    const clock = virtualClock()
    const storage = memory({ clock })
    storage.set('short', 'v', { ttl: 100 })
    storage.set('long', 'v')
    clock.tick(100)
    expect([...storage.keys()]).toEqual(['long'])
  })

  test('that has ended counts as expired once', () => {
    const clock = virtualClock()
    const storage = memory({ clock })
    storage.set('k', 'v', { ttl: 100 })
    clock.tick(100)
    storage.get('k')
    storage.get('k')
    expect(storage.stats()).toMatchObject({ entryCount: 0, evictionCount: { capacity: 0, expired: 1 } })
  })
})

test('keys can be walked while the storage is changed', () => {
  const storage = memory()
  for (const key of ['a', 'b', 'c']) storage.set(key, key)
  const seen: string[] = []
  for (const key of storage.keys()) {
    seen.push(key)
    storage.delete(key)
  }
  expect(seen.sort()).toEqual(['a', 'b', 'c'])
  expect([...storage.keys()]).toEqual([])
})

describe('bounds', () => {
  test('it never keeps more than it may, and counts what it lets go', () => {
    const storage = memory({ maxEntries: 10 })
    let kept = 0
    for (let key = 0; key < 100; key++) {
      if (storage.set(String(key), key)) kept++
      expect(storage.stats().entryCount).toBeLessThanOrEqual(10)
    }
    const { entryCount, evictionCount } = storage.stats()
    expect(entryCount).toBe(10)
    expect(evictionCount.capacity).toBeGreaterThanOrEqual(kept - 10)
    expect(evictionCount.expired).toBe(0)
  })

  test('below them nothing goes', () => {
    const storage = memory({ maxEntries: 10 })
    for (let key = 0; key < 10; key++) storage.set(String(key), key)
    expect([...storage.keys()]).toHaveLength(10)
    expect(storage.stats().evictionCount.capacity).toBe(0)
  })

  test('DEFECTS 45: what it says it kept is there, even where there is room for one', () => {
    const storage = memory({ maxEntries: 1 })
    let kept = 0
    for (const key of ['a', 'b', 'c']) {
      const isKept = storage.set(key, key)
      if (isKept) kept++
      expect(storage.get(key)).toBe(isKept ? key : undefined)
      expect([...storage.keys()]).toHaveLength(1)
    }
    expect(kept).toBeGreaterThan(0)
  })

  test('there are some, even if nobody gives any', () => {
    expect(memory().maxEntries).toBe(10_000)
  })
})

test('whatever is done to it, it answers what was set last, or nothing; below its bounds never nothing', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', '__proto__')
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), key, ttl: fc.constantFrom(undefined, 1, 5, 20) }),
    fc.record({ do: fc.constantFrom('get' as const, 'peek' as const, 'delete' as const), key }),
    fc.record({ do: fc.constant('wait' as const), milliseconds: fc.nat(6) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(2, 100), (steps, maxEntries) => {
      const clock = virtualClock()
      const storage = memory<number>({ clock, maxEntries })
      const model = new Map<string, { value: number; until: number }>()
      const expected = (name: string): number | undefined => {
        const found = model.get(name)
        return found !== undefined && clock.now() < found.until ? found.value : undefined
      }
      for (const [index, each] of steps.entries()) {
        if (each.do === 'wait') clock.tick(each.milliseconds)
        else if (each.do === 'set') {
          storage.set(each.key, index, { ttl: each.ttl })
          model.set(each.key, { value: index, until: clock.now() + (each.ttl ?? Infinity) })
        } else if (each.do === 'delete') {
          const had = storage.delete(each.key)
          if (had || maxEntries === 100) expect(had).toBe(expected(each.key) !== undefined)
          model.delete(each.key)
        } else {
          const value = storage[each.do](each.key)
          if (value !== undefined || maxEntries === 100) expect(value).toBe(expected(each.key))
        }
        expect(storage.stats().entryCount).toBeLessThanOrEqual(maxEntries)
        for (const listed of storage.keys()) expect(expected(listed)).not.toBeUndefined()
      }
    }),
  )
})

describe('nonsense is refused', () => {
  test.each([0, -1, 1.5, NaN, Infinity, '10'])('maxEntries: %s', (maxEntries) => {
    const error = refusalOf(() => memory({ maxEntries: maxEntries as number }))
    expect(error.code).toBe('INVALID_OPTION')
    expect(error.message).toMatch(/^memory: maxEntries: expected a whole number from 1 to \d+, got /)
  })

  test.each(['5 parsecs', 0, -1, '0s'])('ttl: %s', (ttl) => {
    const error = refusalOf(() => memory({ ttl: ttl as '1s' }))
    expect(error.code).toBe('INVALID_OPTION')
    expect(error.message).toMatch(/^memory: ttl: expected a duration/)
  })
})
