import { expect, test } from 'vitest'
import { LocalTier } from '../../src/core/tiers/local-tier.ts'
import type { Entry } from '../../src/kernel/entry.ts'
import { memory } from '../../src/local/memory-cache.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'

test('what has less than a millisecond to live is not kept, and takes the place of nothing older', () => {
  const clock = virtualClock()
  const tier = new LocalTier('local', memory<Entry>({ clock }), Infinity)
  const now = clock.now()
  const entry = (value: string, life: number): Entry => ({
    value,
    createdAt: now,
    staleAt: now + life,
    expiredAt: now + life,
  })
  tier.put('k', entry('old', 100), now)
  tier.put('k', entry('new', 0.5), now)
  expect(tier.find('k', now)).toBeUndefined()
})
