import { fingerprint } from '../../kernel/hash.ts'

/**
 * Shares keys out among servers by rendezvous hashing: a key belongs to the server that scores highest with it
 * (Thaler and Ravishankar, 1998). A server that is added takes its share from all others alike, and nothing else moves.
 * A server that is down keeps its share: if it were moved, the old values would be back when the server is.
 *
 * @param names what the servers are called; their order doesn't matter
 * @returns says which of them a key belongs to, by its place in the list
 */
export function rendezvous(names: readonly string[]): (key: string) => number {
  const seeds = names.map((name) => mix(fingerprint(name)))
  if (seeds.length === 1) return () => 0
  return (key) => {
    const hash = fingerprint(key)
    let best = 0
    let highest = -1
    for (const [index, seed] of seeds.entries()) {
      const score = mix(hash ^ seed)
      if (score <= highest) continue
      highest = score
      best = index
    }
    return best
  }
}

/** The finaliser of MurmurHash3: every bit of what goes in turns half the bits of what comes out. */
function mix(number: number): number {
  let hash = number
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
