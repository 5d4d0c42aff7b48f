import { describe, expect, test } from 'vitest'
import { Lru } from '../../src/policies/lru.ts'
import type { Policy } from '../../src/policies/policy.ts'
import { TinyLfu } from '../../src/policies/tiny-lfu.ts'
import { mix } from '../../src/structures/number-index.ts'

describe('the adaptive policy', () => {
  test('keeps what is popular where popularity lasts', () => {
    const requests = zipf(20_000, 400_000)
    const ours = hitRatio(new TinyLfu(1), 2000, requests)
    expect(ours - hitRatio(new Lru(), 2000, requests)).toBeGreaterThan(0.04)
  })

  test('keeps half of a loop that is twice as long as the cache, where LRU keeps nothing', () => {
    const requests = Array.from({ length: 100_000 }, (_, n) => n % 1000)
    expect(hitRatio(new Lru(), 500, requests)).toBe(0)
    expect(hitRatio(new TinyLfu(1), 500, requests)).toBeGreaterThan(0.4)
  })

  test('opens its window where keys come again at once and never later', () => {
    const requests = Array.from({ length: 120_000 }, (_, n) => Math.floor(n / 60) * 20 + (n % 20))
    const policy = new TinyLfu(1)
    const ours = hitRatio(policy, 300, requests)
    expect(hitRatio(new Lru(), 300, requests)).toBeGreaterThan(0.66)
    expect(ours).toBeGreaterThan(0.6)
    expect(policy.windowShare).toBeGreaterThan(0.5)
  })

  test('is not harmed by a scan', () => {
    const popular = (n: number): number => mix(n) % 300
    const requests = Array.from({ length: 200_000 }, (_, n) => (n % 2 === 0 ? Math.abs(popular(n)) : 1000 + n))
    expect(hitRatio(new TinyLfu(1), 400, requests)).toBeGreaterThan(0.47)
    expect(hitRatio(new Lru(), 400, requests)).toBeLessThan(0.4)
  })

  test('follows when the whole working set is replaced, within two points of LRU', () => {
    const before = zipf(50_000, 400_000)
    const after = zipf(50_000, 50_000).map((key) => key + 50_000)
    const next = (policy: Policy): number => hitRatio(policy, 5000, before, after)
    expect(next(new TinyLfu(1)) - next(new Lru())).toBeGreaterThan(-0.02)
  })

  test('lets in one now and then that its sketch would turn away, however popular somebody keeps their own', () => {
    const policy = new TinyLfu(1)
    policy.reserve(100)
    policy.resize(100)
    for (let slot = 0; slot < 100; slot++) policy.add(slot, mix(slot))
    // A rival's keys are asked for in every round, so that nothing is ever more popular than they are.
    let displaced = 0
    let lastIn = -1
    for (let round = 0; round < 20_000 && displaced === 0; round++) {
      for (let slot = 0; slot < 100; slot++) if (slot !== lastIn) policy.touch(slot)
      const slot = policy.evict()
      if (round > 100 && slot !== lastIn) displaced++
      lastIn = slot
      policy.add(slot, mix(1000 + (round % 3)))
    }
    expect(displaced).toBe(1)
  })
})

function zipf(keys: number, requests: number): number[] {
  // Key k in proportion to 1 / (k + 1), by turning the integral round.
  return Array.from({ length: requests }, (_, n) => Math.floor((keys + 1) ** ((mix(n) >>> 0) / 2 ** 32)) - 1)
}

/** Of the second list of requests, if there is one. */
function hitRatio(policy: Policy, capacity: number, first: readonly number[], second?: readonly number[]): number {
  const slotOf = new Map<number, number>()
  const keyOf: number[] = []
  policy.reserve(capacity)
  policy.resize(capacity)
  const replay = (requests: readonly number[]): number => {
    let hits = 0
    for (const key of requests) {
      const found = slotOf.get(key)
      if (found !== undefined) {
        hits++
        policy.touch(found)
        continue
      }
      const isFull = slotOf.size >= capacity
      const slot = isFull ? policy.evict() : slotOf.size
      if (isFull) slotOf.delete(keyOf[slot]!)
      slotOf.set(key, slot)
      keyOf[slot] = key
      policy.add(slot, mix(key ^ 0x5bd1e995))
    }
    return hits / requests.length
  }
  const ratio = replay(first)
  return second === undefined ? ratio : replay(second)
}
