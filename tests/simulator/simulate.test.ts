import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryCache } from 'tiercel/memory'
import {
  simulate,
  type SimulateOptions,
  type SimulationProgress,
  simulatedPolicies,
  traceOf,
  zipfTrace,
} from 'tiercel/simulator'
import { sampledKeys } from './sampled.ts'

test('a request is a get, and on a miss a set', async () => {
  const keys = ['a', 'b', 'a', 'c', 'b', 'a', 'a']
  const { requests, keys: distinct, curves } = await simulate({ trace: traceOf(keys), sizes: [2], policies: ['lru'] })
  expect({ requests, distinct }).toEqual({ requests: 7, distinct: 3 })
  // The second a, and the last; b went for c, and a for b.
  expect(curves).toEqual([{ policy: 'lru', points: [{ size: 2, hits: 2, hitRatio: 2 / 7 }] }])
})

describe.each(['lru', 'fifo', 'lfu', 'sieve'] as const)('%s', (policy) => {
  test('has the hits that a MemoryCache has', async () => {
    const keys = sampledKeys(20_000, 700)
    const { curves } = await simulate({ trace: traceOf(keys), sizes: [1, 10, 100, 699], policies: [policy] })
    for (const { size, hits } of curves[0]!.points) {
      const cache = new MemoryCache<number, number>({ maxEntries: size, policy })
      let found = 0
      for (const key of keys) {
        if (cache.get(key) === undefined) cache.set(key, key)
        else found++
      }
      expect(hits).toBe(found)
    }
  })
})

test('no policy is better than the optimum, and none finds what was never asked for', async () => {
  const keys = fc.array(fc.nat(30), { minLength: 1, maxLength: 300, size: 'max' })
  await fc.assert(
    fc.asyncProperty(keys, async (list) => {
      const {
        curves,
        requests,
        keys: distinct,
      } = await simulate({ trace: traceOf(list), sizes: [1, 2, 3, 5, 8, 13, 40] })
      expect(curves.map(({ policy }) => policy)).toEqual(simulatedPolicies)
      const [optimum, ...others] = curves
      for (const [at, best] of optimum!.points.entries()) {
        for (const { policy, points } of others) expect(points[at]!.hits, policy).toBeLessThanOrEqual(best.hits)
        expect(best.hits).toBeLessThanOrEqual(requests - distinct)
      }
      // Where there is room for all, nobody loses any.
      for (const { points } of curves) expect(points.at(-1)!.hits).toBe(requests - distinct)
    }),
    { numRuns: 60 },
  )
})

test('the figures do not depend on how often the trace is read', async () => {
  const keys = sampledKeys(150_000, 5_000)
  async function* once(): AsyncGenerator<number> {
    yield* keys
  }
  const policies = ['lru', 'tinylfu', 's3fifo', 'arc'] as const
  const straight = await simulate({ trace: traceOf(keys), sizes: [50, 500], policies })
  const surveyed = await simulate({ trace: traceOf(keys), sizes: [50, 500], policies: ['opt', ...policies] })
  const streamed = await simulate({ trace: traceOf(once()), sizes: [50, 500], policies: ['opt', ...policies] })
  expect(surveyed.curves.slice(1)).toEqual(straight.curves)
  expect(streamed).toEqual(surveyed)
})

test('the same seed gives the same figures', async () => {
  const options = { trace: zipfTrace({ exponent: 0.9, keys: 1000, requests: 20_000 }), sizes: [50], seed: 7 }
  expect(await simulate(options)).toEqual(await simulate(options))
})

test('sizes are in order, each once, and parts of the keys that are there', async () => {
  const trace = traceOf(Array.from({ length: 250 }, (_, key) => key))
  const { curves } = await simulate({ trace, sizes: ['100%', '1k', 5, '2%', '0.1%'], policies: ['fifo'] })
  expect(curves[0]!.points.map(({ size }) => size)).toEqual([1, 5, 250, 1000])
})

test('only the first requests count, up to the limit, and only their keys', async () => {
  const keys = Array.from({ length: 200_000 }, (_, at) => (at < 70_000 ? at % 10 : at))
  const trace = traceOf(keys)
  const { requests, keys: distinct } = await simulate({
    trace,
    sizes: ['50%'],
    limit: 70_000,
    policies: ['opt', 'lru'],
  })
  expect({ requests, distinct }).toEqual({ requests: 70_000, distinct: 10 })
})

test('progress tells of both passes, and how much there is when that is known', async () => {
  const told: SimulationProgress[] = []
  const trace = traceOf(sampledKeys(100_000, 10), { name: 'mine' })
  await simulate({ trace, sizes: [1], policies: ['opt'], onProgress: (progress) => told.push(progress) })
  expect(told).toEqual([
    { trace: 'mine', phase: 'reading', requests: 65_536 },
    { trace: 'mine', phase: 'reading', requests: 100_000 },
    { trace: 'mine', phase: 'simulating', requests: 65_536, total: 100_000 },
    { trace: 'mine', phase: 'simulating', requests: 100_000, total: 100_000 },
  ])
})

const nonsense: readonly [string, Partial<SimulateOptions>, RegExp][] = [
  ['an unknown policy', { policies: ['clock' as 'lru'] }, /policies: expected some of opt, .*got "clock"/],
  ['no policy', { policies: [] }, /policies: expected at least one/],
  ['no size', { sizes: [] }, /sizes: expected at least one/],
  ['a size of nothing', { sizes: ['0%'] }, /sizes: expected .*got "0%"/],
  ['a limit of nothing', { limit: 0 }, /limit: expected/],
]

test.each(nonsense)('%s is refused', async (_what, options, message) => {
  await expect(simulate({ trace: traceOf([1]), ...options })).rejects.toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(message) as string }),
  )
})

test('a trace without requests is refused', async () => {
  const empty = { code: 'UNREADABLE', message: 'keys: no requests in this trace' }
  await expect(simulate({ trace: traceOf([]) })).rejects.toThrow(expect.objectContaining(empty))
  await expect(simulate({ trace: traceOf([]), sizes: [1], policies: ['lru'] })).rejects.toThrow(
    expect.objectContaining(empty),
  )
})
