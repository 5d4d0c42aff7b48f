import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { LatestHeap } from '../../src/simulator/latest-heap.ts'
import { NextUses } from '../../src/simulator/next-uses.ts'
import { Optimum } from '../../src/simulator/optimum.ts'

test('the optimum is what trying everything finds', () => {
  const keys = fc.array(fc.nat(4), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 4 }), (list, size) => {
      expect(optimumOf(list, size)).toBe(bestOfAll(list, size))
    }),
    { numRuns: 200 },
  )
})

test('a newcomer that comes back later than everybody else is not kept', () => {
  expect(optimumOf([1, 2, 1, 3, 1, 2, 3], 1)).toBe(2)
})

test('a long trace is followed as well as a short one', () => {
  // A loop over a hundred keys: with room for k of them, k - 1 or so of every hundred requests can be hits.
  const loop = Array.from({ length: 400_000 }, (_, at) => at % 100)
  expect(optimumOf(loop, 50) / 400_000).toBeCloseTo(50 / 100, 1)
  expect(optimumOf(loop, 100)).toBe(400_000 - 100)
})

test('the heap has the latest on top, whatever was put in and forgotten', () => {
  const steps = fc.array(fc.oneof(fc.nat(1000), fc.constant('forget' as const)), { maxLength: 200 })
  fc.assert(
    fc.property(steps, (list) => {
      const heap = new LatestHeap()
      let model: number[] = []
      for (const step of list) {
        if (step === 'forget') {
          const upTo = Math.floor((model[0] ?? 0) / 2)
          heap.forgetUpTo(upTo)
          model = model.filter((moment) => moment > upTo)
        } else {
          heap.push(step)
          model.push(step)
        }
        model.sort((one, other) => other - one)
        expect(heap.size).toBe(model.length)
        if (model.length > 0) expect(heap.top).toBe(model[0])
      }
    }),
    { numRuns: 60 },
  )
})

function optimumOf(keys: readonly number[], size: number): number {
  const requests = Uint32Array.from(keys)
  const next = new NextUses()
  next.add(requests)
  next.finish()
  const optimum = new Optimum(size, next)
  optimum.replay(requests)
  return optimum.hits
}

/** The most hits there can be: on every miss, tries to keep nothing new, and to put the newcomer in each place. */
function bestOfAll(keys: readonly number[], size: number, kept: readonly number[] = []): number {
  const [key, ...rest] = keys
  if (key === undefined) return 0
  if (kept.includes(key)) return 1 + bestOfAll(rest, size, kept)
  if (kept.length < size) return bestOfAll(rest, size, [...kept, key])
  const replacing = kept.map((_, place) => bestOfAll(rest, size, kept.with(place, key)))
  return Math.max(bestOfAll(rest, size, kept), ...replacing)
}
