import type { Chance } from '../kernel/chance.ts'
import { fingerprint } from '../kernel/hash.ts'

/** Chance that repeats itself: the same seed, the same numbers and tokens in the same order. Only for tests. */
export function seededChance(seed: number | string): Chance {
  let state = typeof seed === 'string' ? fingerprint(seed) : seed >>> 0

  // Mulberry32 by Tommy Ettinger: 32 bits of state, each of them reached once before it repeats.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return (bits ^ (bits >>> 14)) >>> 0
  }

  return {
    fraction: () => next() / 2 ** 32,
    token: () => Array.from({ length: 4 }, () => next().toString(16).padStart(8, '0')).join(''),
  }
}
