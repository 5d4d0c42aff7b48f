import { expect, test } from 'vitest'
import { type Copy, LocalTier } from '../../src/core/tiers/local-tier.ts'
import { memory } from '../../src/local/memory-cache.ts'
import { virtualClock } from '../../src/testing/virtual-clock.ts'

test('what has less than a millisecond to live is not kept, and takes the place of nothing older', () => {
  const clock = virtualClock()
  const tier = new LocalTier('local', memory<Copy>({ clock }), Infinity)
  const now = clock.now()
  const entry = (value: string, life: number): Copy => ({
    value,
    createdAt: now,
    staleAt: now + life,
    expiredAt: now + life,
    epoch: 0,
    asOf: 0,
  })
  tier.put('k', entry('old', 100), now)
  tier.put('k', entry('new', 0.5), now)
  expect(tier.find('k', now)).toBeUndefined()
})
