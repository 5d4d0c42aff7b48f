import type { PolicyName } from '../policies/policy.ts'
import { SimulatedCache } from '../policies/simulated-cache.ts'
import { KeyHash } from '../structures/key-hash.ts'

/** What a cache of another size would do with the same reads. */
export interface SizeEstimate {
  readonly maxEntries: number
  /** The share of reads it would answer, from 0 to 1; of late, if there have been many. */
  readonly hitRatio: number
}

/**
 * What a cache would do if it were smaller or larger, found out while it runs.
 *
 * Of all keys a fixed sample is taken, by their hashes, and what is asked of these is replayed to caches without values
 * that are smaller in the same proportion: a cache of a hundredth of the size that sees a hundredth of the keys does what
 * the whole one does (C. Waldspurger, T. Saemundsson, I. Ahmad, N. Park, "Cache modeling and optimization using miniature
 * simulations", USENIX ATC 2017). They have the cache's own policy, so this is no estimate of what an LRU would do.
 *
 * Whether a key that everybody asks for is in the sample or not is chance, and would decide alone. But how many requests
 * the sample should have seen is known; those too many or too few are taken for hits, as in the paper's "SHARDS-adj".
 *
 * A read costs the hash of its key; one of the sample costs a request to each of the small caches. They have some 8,000
 * entries together, in about a megabyte, however large the cache.
 */
export class SizeEstimates {
  readonly #hash: KeyHash
  readonly #maxEntries: number
  readonly #share: number
  // Of the sample are keys whose hash is below this one.
  readonly #threshold: number
  readonly #caches: readonly SimulatedCache[]
  readonly #hits: Float64Array
  #requests = 0
  #sampled = 0

  /** @param seed 32 bits for the choice of the sample and for the policy */
  constructor(policy: PolicyName, maxEntries: number, seed: number) {
    this.#hash = new KeyHash(seed)
    this.#maxEntries = maxEntries
    this.#share = Math.min(1, sampledEntries / maxEntries)
    this.#threshold = this.#share * 2 ** 32
    this.#caches = factors.map((factor) => new SimulatedCache(policy, this.#simulatedSize(factor), seed))
    this.#hits = new Float64Array(factors.length)
  }

  /** A key was asked for; who asks for what isn't there is taken to set it. */
  request(key: unknown): void {
    this.#requests++
    const hash = this.#hash.of(key) >>> 0
    if (hash >= this.#threshold) return
    this.#sampled++
    for (let at = 0; at < this.#caches.length; at++) {
      if (this.#caches[at]?.request(hash)) this.#hits[at] = (this.#hits[at] ?? 0) + 1
    }
    if (this.#sampled >= mostRemembered) this.#age()
  }

  /** A key was deleted. */
  forget(key: unknown): void {
    const hash = this.#hash.of(key) >>> 0
    if (hash < this.#threshold) for (const cache of this.#caches) cache.forget(hash)
  }

  /** From the smallest to the largest. */
  get figures(): readonly SizeEstimate[] {
    const expected = this.#requests * this.#share
    return factors.map((factor, at) => {
      const hits = (this.#hits[at] ?? 0) + expected - this.#sampled
      return {
        maxEntries: Math.max(1, Math.round(this.#maxEntries * factor)),
        hitRatio: expected === 0 ? 0 : Math.min(1, Math.max(0, hits / expected)),
      }
    })
  }

  // What was long ago counts half as much as what was lately.
  #age(): void {
    this.#requests /= 2
    this.#sampled /= 2
    for (let at = 0; at < this.#hits.length; at++) this.#hits[at] = (this.#hits[at] ?? 0) / 2
  }

  #simulatedSize(factor: number): number {
    return Math.max(1, Math.round(this.#maxEntries * factor * this.#share))
  }
}

const factors = [0.25, 0.5, 1, 2, 4]
const sampledEntries = 1024
const mostRemembered = 2 ** 20
