import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { MemoryCache } from '../../src/doors/memory.ts'
import { StillClock } from './clock.ts'

const operations = 10_000_000
const maxEntries = 5000

test('ten million operations of all kinds leave nothing behind', { timeout: 120_000 }, () => {
  const clock = new StillClock()
  let told = 0
  const cache = new MemoryCache<string | number, { weight: number }>({
    clock,
    maxEntries,
    maxWeight: maxEntries * 8,
    weigh: (_key, value) => value.weight,
    onEvict: () => void told++,
  })
  const values = Array.from({ length: 16 }, (_, weight) => ({ weight }))
  const afterWarmUp: number[] = []
  let state = 1
  let sets = 0
  for (let n = 0; n < operations; n++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    const chance = state >>> 24
    const key = `session:${(state >>> 8) % 20_000}:${(state >>> 4) & 3}`
    if (chance < 110) cache.get(key)
    else if (chance < 240) {
      sets++
      const ttl = (state & 1) === 0 ? undefined : 1 + (state & 1023)
      cache.set(key, values[state & 15]!, { ttl })
    } else if (chance < 254) cache.delete(key)
    else clock.turn(5)
    if (n % 500_000 === 0) cache.resize({ maxEntries: maxEntries >> ((n / 500_000) & 1), maxWeight: maxEntries * 8 })
    if (n % 2_500_000 === 2_499_999) {
      cache.check()
      afterWarmUp.push(heapUsed())
    }
  }
  // Everything set was told of when it went, or is still here.
  expect(told + cache.size).toBe(sets)
  expect(afterWarmUp.at(-1)! - afterWarmUp[0]!).toBeLessThan(1_000_000)
  cache.clear()
  expect([cache.size, cache.stats().weight]).toEqual([0, 0])
  cache.check()
})

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed: heap, arrayBuffers } = process.memoryUsage()
  return heap + arrayBuffers
}
