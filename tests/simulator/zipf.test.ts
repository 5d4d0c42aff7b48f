import { expect, test } from 'vitest'
import { simulate, zipfTrace } from 'tiercel/simulator'

test('the most popular keys are asked for as often as the law says', async () => {
  const trace = zipfTrace({ exponent: 1, keys: 1000, requests: 100_000 })
  const { curves } = await simulate({ trace, sizes: [10], policies: ['lfu', 'opt'] })
  // The ten most popular have 39 % of all requests: 2.93 of 7.49.
  expect(curves[0]!.points[0]!.hitRatio).toBeGreaterThan(0.35)
  expect(curves[0]!.points[0]!.hitRatio).toBeLessThan(0.4)
})

test('without exponent, all keys are alike', async () => {
  const { curves } = await simulate({
    trace: zipfTrace({ exponent: 0, keys: 100, requests: 50_000 }),
    sizes: [50],
    policies: ['lru'],
  })
  expect(curves[0]!.points[0]!.hitRatio).toBeCloseTo(0.5, 1)
})

test('another seed is another trace, and its name says so', async () => {
  const one = zipfTrace({ exponent: 1, keys: 50, requests: 1000 })
  const other = zipfTrace({ exponent: 1, keys: 50, requests: 1000, seed: 2 })
  expect([one.name, other.name]).toEqual(['zipf:1:50:1000', 'zipf:1:50:1000:2'])
  const [first, second] = await Promise.all([one, other].map((trace) => simulate({ trace, sizes: [5] })))
  expect(first!.curves).not.toEqual(second!.curves)
})

test.each([
  [{ exponent: -1 }, 'zipf: exponent: expected a number from 0 to 10, got -1'],
  [{ keys: 0 }, 'zipf: keys: expected'],
  [{ requests: 1.5 }, 'zipf: requests: expected'],
  [{ seed: Number.NaN }, 'zipf: seed: expected'],
])('%j makes no sense', (options, message) => {
  expect(() => zipfTrace({ exponent: 1, keys: 10, requests: 10, ...options })).toThrow(message)
})
