import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Latency } from '../../src/observe/latency.ts'

const hour = 3_600 * 1e9
// As often short as long: nanoseconds on a logarithmic scale.
const duration = fc.double({ min: Math.log2(16), max: Math.log2(hour), noNaN: true }).map((exponent) => 2 ** exponent)

/** What so large a share of the samples does not pass. */
function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0
}

function latencyOf(samples: readonly number[]): Latency {
  const latency = new Latency()
  for (const sample of samples) latency.record(sample)
  return latency
}

test('before the first there is nothing', () => {
  expect(new Latency().summary()).toEqual({ count: 0, p50: 0, p99: 0 })
})

test('percentiles are off by an eighth at most, from 16 nanoseconds to an hour', () => {
  fc.assert(
    fc.property(fc.array(duration, { minLength: 1, maxLength: 400, size: 'max' }), (samples) => {
      const { count, p50, p99 } = latencyOf(samples).summary()
      expect(count).toBe(samples.length)
      for (const [found, exact] of [
        [p50, quantile(samples, 0.5)],
        [p99, quantile(samples, 0.99)],
      ] as const) {
        expect(Math.abs(found - exact) / exact).toBeLessThan(1 / 8)
      }
    }),
  )
})

describe('with few samples', () => {
  test('the only one is every percentile', () => {
    const { p50, p99 } = latencyOf([1e6]).summary()
    expect(p50).toBe(p99)
    expect(Math.abs(p50 - 1e6)).toBeLessThan(1e6 / 8)
  })

  test('one slow call among a hundred is no 99th percentile, and two are', () => {
    const fast = Array.from({ length: 98 }, () => 1e3)
    expect(latencyOf([...fast, 1e3, 1e9]).summary().p99).toBeLessThan(2e3)
    expect(latencyOf([...fast, 1e9, 1e9]).summary().p99).toBeGreaterThan(5e8)
  })
})

test('what is shorter or longer than it measures counts at the ends', () => {
  const { count, p50, p99 } = latencyOf([0, 1, Number.MAX_VALUE]).summary()
  expect(count).toBe(3)
  expect(p50).toBeLessThan(20)
  expect(p99).toBeGreaterThan(hour)
  expect(Number.isFinite(p99)).toBe(true)
})

test('a reset forgets', () => {
  const latency = latencyOf([1e6, 1e7])
  latency.reset()
  expect(latency.summary()).toEqual({ count: 0, p50: 0, p99: 0 })
  latency.record(1e3)
  expect(latency.summary().count).toBe(1)
})
