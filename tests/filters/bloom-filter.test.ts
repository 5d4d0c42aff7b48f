import { describe, expect, test } from 'vitest'
import { bloomFilter, memory } from '../../src/doors/memory.ts'

describe('a bloom filter', () => {
  test('turns away what it sees for the first time, and lets in what it has seen', () => {
    const filter = bloomFilter({ capacity: 100 })
    expect([filter.admit('a'), filter.admit('a'), filter.admit('b'), filter.admit('a')]).toEqual([
      false,
      true,
      false,
      true,
    ])
  })

  test.each([0.1, 0.01, 0.001])(
    'takes newcomers for old ones no more often than was asked: %d',
    (falsePositiveRate) => {
      const filter = bloomFilter({ capacity: 20_000, falsePositiveRate, seed: 1 })
      let mistaken = 0
      for (let n = 0; n < 20_000; n++) if (filter.admit(`key ${n}`)) mistaken++
      expect(mistaken / 20_000).toBeLessThan(falsePositiveRate)
      for (let n = 0; n < 100; n++) expect(filter.admit(`key ${n}`)).toBe(true)
    },
  )

  test('forgets everything after as many as it was made for', () => {
    const filter = bloomFilter({ capacity: 10, falsePositiveRate: 0.0001 })
    for (let n = 0; n < 10; n++) filter.admit(`${n}`)
    expect([filter.seen, filter.admit('0')]).toEqual([10, true])
    expect([filter.admit('new'), filter.seen]).toEqual([false, 1])
    expect([filter.admit('new'), filter.admit('0')]).toEqual([true, false])
  })

  test.each([
    [{ capacity: 0 }, 'capacity'],
    [{ capacity: 1.5 }, 'capacity'],
    [{ capacity: 10, falsePositiveRate: 0 }, 'falsePositiveRate'],
    [{ capacity: 10, falsePositiveRate: 1 }, 'falsePositiveRate'],
  ])('refuses %o', (options, message) => {
    expect(() => bloomFilter(options)).toThrow(message)
  })

  test('is not asked about what is in already', () => {
    const asked: string[] = []
    const storage = memory<number>({
      doorkeeper: {
        admit(key) {
          asked.push(key)
          return true
        },
      },
    })
    storage.set('a', 1)
    storage.set('a', 2)
    expect(asked).toEqual(['a'])
  })

  test('keeps first-timers out of a storage, and leaves alone what is in', () => {
    const storage = memory<number>({ doorkeeper: bloomFilter({ capacity: 1000 }) })
    expect([storage.set('a', 1), storage.get('a')]).toEqual([false, undefined])
    expect([storage.set('a', 2), storage.get('a')]).toEqual([true, 2])
    expect([storage.set('a', 3), storage.get('a')]).toEqual([true, 3])
    expect(storage.stats().refusedCount).toBe(1)
  })
})
