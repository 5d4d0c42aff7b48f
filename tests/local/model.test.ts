import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MemoryCache } from '../../src/doors/memory.ts'
import { policyNames } from '../../src/policies/create-policy.ts'
import { StillClock } from './clock.ts'

const key = fc.oneof(
  { weight: 20, arbitrary: fc.nat(40).map((n) => `user:${n}:profile`) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(7, '7', Number.NaN, null) },
)
const step = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      key,
      ttl: fc.constantFrom(undefined, 5, 50),
      weight: fc.nat(6),
    }),
  },
  { weight: 20, arbitrary: fc.record({ do: fc.constant('get' as const), key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const), by: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('clear' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('resize' as const), maxEntries: fc.integer({ min: 1, max: 20 }) }),
  },
)

// A cache may forget what it likes, but only by telling. So what it tells makes a plain map its exact model.
describe.each(policyNames)('with %s, a memory cache', (policy) => {
  test('answers as a plain map does from which everything is taken that it says has gone', () => {
    const steps = fc.array(step, { maxLength: 250, size: 'max' })
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(Infinity, 20),
        (list, maxEntries, maxWeight) => {
          const clock = new StillClock()
          const model = new Map<unknown, { value: number; deadline: number; weight: number }>()
          const cache = new MemoryCache<unknown, number>({
            clock,
            policy,
            maxEntries,
            seed: 1,
            ...(maxWeight === Infinity ? {} : { maxWeight, weigh: (_key: unknown, value: number) => value % 7 }),
            onEvict(gone, value, reason) {
              if (reason === 'replaced') return
              if (model.get(gone)?.value === value) model.delete(gone)
            },
          })
          for (const [n, one] of list.entries()) {
            if (one.do === 'set') {
              const value = n * 7 + one.weight
              model.set(one.key, { value, deadline: clock.time + (one.ttl ?? Infinity), weight: one.weight })
              expect(cache.set(one.key, value, { ttl: one.ttl })).toBe(true)
            } else if (one.do === 'get') {
              const found = model.get(one.key)
              const isThere = found !== undefined && clock.time < found.deadline
              expect(cache.peek(one.key)).toBe(isThere ? found.value : undefined)
              expect(cache.get(one.key)).toBe(isThere ? found.value : undefined)
            } else if (one.do === 'delete') {
              const found = model.get(one.key)
              expect(cache.delete(one.key)).toBe(found !== undefined && clock.time < found.deadline)
            } else if (one.do === 'turn') clock.turn(one.by)
            else if (one.do === 'clear') cache.clear()
            else cache.resize({ maxEntries: one.maxEntries })
            cache.check()
            expect(cache.size).toBe(model.size)
            expect(cache.size).toBeLessThanOrEqual(cache.maxEntries)
          }
          const live = [...model].filter(([, { deadline }]) => clock.time < deadline)
          expect(new Map(cache.entries())).toEqual(new Map(live.map(([one, { value }]) => [one, value])))
        },
      ),
      { numRuns: 25 },
    )
  })
})
