import type { SlotHashes } from '../structures/slot-hashes.ts'
import { Arc } from './arc.ts'
import { Fifo } from './fifo.ts'
import { Lfu } from './lfu.ts'
import { Lru } from './lru.ts'
import type { Policy, PolicyName } from './policy.ts'
import { S3Fifo } from './s3-fifo.ts'
import { Sieve } from './sieve.ts'
import { TinyLfu } from './tiny-lfu.ts'

const makers: Readonly<Record<PolicyName, (seed: number, hashes?: SlotHashes) => Policy>> = {
  tinylfu: (seed, hashes) => new TinyLfu(seed, hashes),
  lru: () => new Lru(),
  fifo: () => new Fifo(),
  lfu: () => new Lfu(),
  sieve: () => new Sieve(),
  s3fifo: (_, hashes) => new S3Fifo(hashes),
  arc: (_, hashes) => new Arc(hashes),
}

/** The policies there are. */
export const policyNames = Object.keys(makers) as readonly PolicyName[]

export function isPolicyName(name: unknown): name is PolicyName {
  return typeof name === 'string' && Object.hasOwn(makers, name)
}

/**
 * @param seed 32 bits for a policy that leaves something to chance
 * @param hashes where the hashes of the keys are kept, when somebody else keeps them too
 */
export function createPolicy(name: PolicyName, seed: number, hashes?: SlotHashes): Policy {
  return makers[name](seed, hashes)
}
