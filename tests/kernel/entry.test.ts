import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { freshness, madeStale } from '../../src/kernel/entry.ts'

const entry = { value: 'v', createdAt: 0, staleAt: 100, expiredAt: 300 }

describe('freshness', () => {
  test.each([
    [0, 'fresh'],
    [99, 'fresh'],
    [99.999, 'fresh'],
    [100, 'stale'],
    [299.999, 'stale'],
    [300, 'expired'],
    [1e15, 'expired'],
  ] as const)('at %d it is %s', (now, expected) => {
    expect(freshness(entry, now)).toBe(expected)
  })

  test('without a stale window fresh turns into expired', () => {
    const strict = { createdAt: 0, staleAt: 100, expiredAt: 100 }
    expect([freshness(strict, 99), freshness(strict, 100)]).toEqual(['fresh', 'expired'])
  })

  test('an expired-at before stale-at wins', () => {
    expect(freshness({ createdAt: 0, staleAt: 300, expiredAt: 100 }, 200)).toBe('expired')
  })

  test('what never gets stale is fresh for ever', () => {
    const eternal = { createdAt: 0, staleAt: Infinity, expiredAt: Infinity }
    expect(freshness(eternal, Number.MAX_VALUE)).toBe('fresh')
  })
})

describe('made stale', () => {
  test('its stale window counts from then', () => {
    expect(madeStale(entry, 50)).toEqual({ value: 'v', createdAt: 0, staleAt: 50, expiredAt: 250 })
  })

  test('what is stale already stays as it is', () => {
    expect(madeStale(entry, 100)).toBe(entry)
    expect(madeStale(entry, 5_000)).toBe(entry)
  })

  test('what would have been fresh for ever becomes stale, and its end stays where it was', () => {
    const eternal = { value: 'v', createdAt: 0, staleAt: Infinity, expiredAt: Infinity }
    expect(madeStale(eternal, 50)).toEqual({ value: 'v', createdAt: 0, staleAt: 50, expiredAt: Infinity })
  })

  test('the entry that was given is not touched', () => {
    const given = Object.freeze({ ...entry })
    expect(madeStale(given, 50)).not.toBe(given)
    expect(given).toEqual(entry)
  })

  test('it is fresh no more, and never lives longer than before', () => {
    const moment = fc.nat(1_000)
    fc.assert(
      fc.property(moment, moment, moment, (staleAt, window, now) => {
        const before = { value: 0, createdAt: 0, staleAt, expiredAt: staleAt + window }
        const after = madeStale(before, now)
        expect(freshness(after, now)).not.toBe('fresh')
        expect(after.expiredAt).toBeLessThanOrEqual(before.expiredAt)
        if (freshness(before, now) === 'expired') expect(freshness(after, now)).toBe('expired')
      }),
    )
  })
})
