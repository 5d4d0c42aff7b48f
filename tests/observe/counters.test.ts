import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NodeCounters, rate, TierCounters } from '../../src/observe/counters.ts'
import { stopwatch } from '../../src/observe/stopwatch.ts'

describe('a rate', () => {
  test('DEFECTS 44: of nothing is 0, and not a division by zero', () => {
    expect(rate(0, 0)).toBe(0)
  })

  test('is a share from 0 to 1', () => {
    expect([rate(0, 4), rate(1, 4), rate(4, 4)]).toEqual([0, 0.25, 1])
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (part, rest) => {
        const share = rate(part, part + rest)
        expect(share >= 0 && share <= 1).toBe(true)
      }),
    )
  })
})

test('loads are counted by how they ended, with their time', () => {
  const counters = new NodeCounters()
  counters.countLoad('success', 10)
  counters.countLoad('success', 20)
  counters.countLoad('failure', 30)
  expect(counters).toMatchObject({ loadSuccesses: 2, loadFailures: 1, totalLoadTime: 60 })
})

test('a reset counts from nothing again, save for loads that still run', () => {
  const counters = new NodeCounters()
  const fresh = numbersOf(counters)
  for (const name of Object.keys(fresh)) Object.assign(counters, { [name]: 7 })
  counters.loadLatency.record(1e6)
  counters.reset()
  expect(numbersOf(counters)).toEqual({ ...fresh, detachedLoads: 7 })
  expect(counters.loadLatency.summary().count).toBe(0)
})

test('a reset of a tier counts from nothing again', () => {
  const counters = new TierCounters()
  const fresh = numbersOf(counters)
  for (const name of Object.keys(fresh)) Object.assign(counters, { [name]: 7 })
  counters.readLatency.record(1e6)
  counters.reset()
  expect(numbersOf(counters)).toEqual(fresh)
  expect(counters.readLatency.summary().count).toBe(0)
})

test('a stopwatch tells nanoseconds', () => {
  const elapsed = stopwatch()
  const from = process.hrtime.bigint()
  while (process.hrtime.bigint() - from < 2_000_000n);
  expect(elapsed()).toBeGreaterThanOrEqual(1_900_000)
  expect(elapsed()).toBeLessThan(10_000_000_000)
})

function numbersOf(counters: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(counters).filter(([, value]) => typeof value === 'number'))
}
