import { expect, test } from 'vitest'
import { MemoryCache } from '../../src/local/memory-cache.ts'
import { SimulatedCache } from '../../src/policies/simulated-cache.ts'
import { policyNames } from '../../src/policies/create-policy.ts'
import { sampledKeys } from '../simulator/sampled.ts'
import { seededRandom } from '../simulator/seeded-random.ts'
import { refusalOf } from '../kernel/refusal.ts'

// Key k in proportion to 1 / (k + 1).
function zipf(requests: number, keys: number): readonly number[] {
  const random = seededRandom(3)
  return Array.from({ length: requests }, () => Math.floor((keys + 1) ** random()) - 1)
}

// Now and then a scan over keys that are asked for once in each scan.
function withScans(requests: readonly number[]): readonly number[] {
  return requests.map((key, at) => (at % 20_000 < 4000 ? 1_000_000 + (at % 4000) : key))
}

const popular = zipf(150_000, 100_000)

test.each([
  ['keys by popularity', popular, 8000, 'tinylfu'],
  ['keys by popularity', popular, 8000, 'lru'],
  ['keys by popularity', popular, 700, 's3fifo'],
  ['popular keys and scans', withScans(popular), 8000, 'tinylfu'],
] as const)('%s: estimates of other sizes are within three points', (_, trace, maxEntries, policy) => {
  const cache = new MemoryCache<string, number>({ maxEntries, policy, estimates: true, seed: 0x5eed1e55 })
  for (const key of trace) cache.getOrCompute(`user:${key}`, () => key)
  const { estimates = [] } = cache.stats()
  expect(estimates.map((one) => one.maxEntries)).toEqual([0.25, 0.5, 1, 2, 4].map((factor) => maxEntries * factor))
  for (const { maxEntries: size, hitRatio } of estimates) {
    const truth = new SimulatedCache(policy, size, 9)
    truth.replay(Uint32Array.from(trace))
    expect(Math.abs(hitRatio - truth.hits / trace.length)).toBeLessThan(0.03)
  }
})

test.each(policyNames)('a small cache with %s estimates its own size as it is', (policy) => {
  const cache = new MemoryCache<number, number>({ maxEntries: 100, policy, estimates: true, seed: 5 })
  const trace = sampledKeys(20_000, 1000)
  let hits = 0
  for (const key of trace) {
    if (cache.get(key) === undefined) cache.set(key, key)
    else hits++
  }
  const own = cache.stats().estimates?.find((one) => one.maxEntries === 100)
  // Those that remember or guess by hashes meet others here.
  expect(Math.abs((own?.hitRatio ?? 0) - hits / trace.length)).toBeLessThan(
    ['tinylfu', 's3fifo', 'arc'].includes(policy) ? 0.01 : 1e-9,
  )
})

test('what is deleted is missed at every size', () => {
  const cache = new MemoryCache<number, string>({ maxEntries: 10, estimates: true })
  for (let round = 0; round < 100; round++) {
    cache.getOrCompute(1, () => 'one')
    cache.delete(1)
  }
  expect(cache.stats().estimates?.map(({ hitRatio }) => hitRatio)).toEqual([0, 0, 0, 0, 0])
})

test('objects, mixed keys and what is used again are estimated too', () => {
  const cache = new MemoryCache<unknown, string>({ maxEntries: 10, estimates: true })
  const keys = [{}, 'text', 1.5, 7n, null]
  for (let round = 0; round < 10; round++) for (const key of keys) cache.getOrCompute(key, () => 'value')
  expect(cache.stats().estimates?.at(-1)).toEqual({ maxEntries: 40, hitRatio: 0.9 })
})

test('before the first read nothing is claimed, and a change of size begins anew', () => {
  const cache = new MemoryCache<number, string>({ maxEntries: 4, estimates: true })
  const sizes = (): readonly number[] | undefined => cache.stats().estimates?.map(({ maxEntries }) => maxEntries)
  expect(cache.stats().estimates?.every(({ hitRatio }) => hitRatio === 0)).toBe(true)
  cache.getOrCompute(1, () => 'one')
  expect(cache.get(1)).toBe('one')
  expect(cache.stats().estimates?.at(-1)?.hitRatio).toBe(0.5)
  cache.resize({ maxEntries: 8 })
  expect(sizes()).toEqual([2, 4, 8, 16, 32])
  expect(cache.stats().estimates?.at(-1)?.hitRatio).toBe(0)
})

test('estimates are there only when they are asked for, and not of weights', () => {
  expect('estimates' in new MemoryCache({ maxEntries: 4 }).stats()).toBe(false)
  const weighed = (): unknown => new MemoryCache({ maxWeight: 4, weigh: () => 1, estimates: true })
  expect(refusalOf(weighed)).toMatchObject({ code: 'INVALID_OPTION' })
})
