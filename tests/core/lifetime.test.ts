import { describe, expect, test } from 'vitest'
import { seededChance } from 'tiercel/testing'
import { ErrorMemory } from '../../src/core/error-memory.ts'
import { type LifetimeOptions, newEntry, resolveLifetime, useOf } from '../../src/core/lifetime.ts'

const minute = 60_000

function entryOf(options: LifetimeOptions<string, unknown>, value: unknown = 'value') {
  const lifetime = resolveLifetime(options, 'here', minute)
  return { lifetime, entry: newEntry(value, 'a', 1_000, lifetime, seededChance(1)) }
}

describe('an entry', () => {
  test('expires a window after it has become stale, and the longer window counts', () => {
    expect(entryOf({ ttl: 500, staleWhileRevalidate: 100, staleIfError: 300 }).entry).toEqual({
      value: 'value',
      createdAt: 1_000,
      staleAt: 1_500,
      expiredAt: 1_800,
    })
    expect(entryOf({}).entry).toMatchObject({ staleAt: 1_000 + minute, expiredAt: 1_000 + minute })
    expect(entryOf({ ttl: null, staleIfError: '1h' }).entry).toMatchObject({ staleAt: Infinity, expiredAt: Infinity })
    expect(entryOf({ ttl: 500, staleIfError: Infinity }).entry).toMatchObject({ staleAt: 1_500, expiredAt: Infinity })
  })

  test('may be used for less and less as time passes', () => {
    const { lifetime, entry } = entryOf({ ttl: 500, staleWhileRevalidate: 100, staleIfError: 300 })
    const uses = [1_000, 1_499, 1_500, 1_599, 1_600, 1_799, 1_800].map((now) => useOf(entry, now, lifetime))
    expect(uses).toEqual(['fresh', 'fresh', 'while-revalidating', 'while-revalidating', 'if-error', 'if-error', 'none'])
  })

  test('that has expired by its own moments is of no use, whatever the reader’s terms', () => {
    const { entry } = entryOf({ ttl: 500 })
    const { lifetime } = entryOf({ ttl: 500, staleWhileRevalidate: '1h', staleIfError: '1h' })
    expect(useOf(entry, 1_500, lifetime)).toBe('none')
  })

  test('that is older than a caller allows is of no use, fresh or not', () => {
    const { lifetime, entry } = entryOf({ ttl: 500, staleIfError: '1h' })
    expect([100, 101].map((age) => useOf(entry, 1_000 + age, lifetime, 100))).toEqual(['fresh', 'none'])
  })

  test('of null lives for nullTtl, and of nothing else', () => {
    const terms = { ttl: 500, nullTtl: 50 }
    const staleAt = [null, 0, '', false].map((value) => entryOf(terms, value).entry.staleAt)
    expect(staleAt).toEqual([1_050, 1_500, 1_500, 1_500])
  })
})

describe('the memory of errors', () => {
  test('forgets when the time has come, and no later', () => {
    const errors = new ErrorMemory()
    errors.remember('a', 'why', 100, 0)
    expect(errors.find('a', 99)?.error).toBe('why')
    expect(errors.find('a', 100)).toBeUndefined()
    expect(errors.find('a', 0)).toBeUndefined()
  })

  test('is bounded: the oldest go, and one that is remembered again is not the oldest', () => {
    const errors = new ErrorMemory()
    for (let key = 0; key < 1_000; key++) errors.remember(`${key}`, key, Infinity, 0)
    errors.remember('0', 'again', Infinity, 0)
    errors.remember('one too many', 1, Infinity, 0)
    expect(errors.find('0', 0)?.error).toBe('again')
    expect(errors.find('1', 0)).toBeUndefined()
    expect(errors.find('2', 0)).toBeDefined()
  })
})
