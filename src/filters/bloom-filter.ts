import { invalidOption } from '../kernel/errors.ts'
import { mix } from '../structures/number-index.ts'
import { fullHash, type StringHash } from '../structures/string-hash.ts'

/** Decides who is worth keeping, before anything is kept. */
export interface Doorkeeper {
  /** Whether this key may in. To ask is to be seen. */
  admit(key: string): boolean
}

/** How a {@link bloomFilter} is sized. */
export interface BloomFilterOptions {
  /** After so many different keys everything is forgotten. */
  readonly capacity: number
  /** How often, at most, a key is taken for one that was seen: above 0, below 1. Default 0.01. */
  readonly falsePositiveRate?: number
  /** 32 bits from which the hashes are made. Default: random, so that nobody can choose keys that pass. */
  readonly seed?: number
}

/**
 * A doorkeeper that lets in what it has seen before (B. Bloom, "Space/time trade-offs in hash coding with allowable
 * errors", 1970): the first request for a key is answered but not kept, the second is. Where most keys come once,
 * that keeps them from pushing out anything. A few bits a key; now and then a newcomer is let in at once.
 *
 * @example
 * memory({ doorkeeper: bloomFilter({ capacity: 100_000, falsePositiveRate: 0.01 }) })
 */
export function bloomFilter(options: BloomFilterOptions): BloomFilter {
  return new BloomFilter(options)
}

/** See {@link bloomFilter}. */
export class BloomFilter implements Doorkeeper {
  readonly #capacity: number
  readonly #bits: Int32Array
  readonly #probes: number
  readonly #hash: StringHash
  #seen = 0

  constructor(options: BloomFilterOptions) {
    const { capacity, falsePositiveRate = 0.01 } = options
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > mostKeys) {
      throw invalidOption('bloomFilter: capacity', `a whole number from 1 to ${mostKeys}`, capacity)
    }
    if (!(falsePositiveRate > 0 && falsePositiveRate < 1)) {
      throw invalidOption('bloomFilter: falsePositiveRate', 'a number above 0 and below 1', falsePositiveRate)
    }
    const bitsPerKey = -Math.log(falsePositiveRate) / Math.LN2 ** 2
    this.#capacity = capacity
    this.#bits = new Int32Array(Math.ceil((capacity * bitsPerKey) / 32))
    this.#probes = Math.max(1, Math.round(bitsPerKey * Math.LN2))
    this.#hash = fullHash(options.seed ?? Math.floor(Math.random() * 2 ** 32) | 0)
  }

  /** How many different keys have been seen since everything was forgotten last. */
  get seen(): number {
    return this.#seen
  }

  /** Whether the key was seen before, as far as can be told. From now on it was. */
  admit(key: string): boolean {
    // Two hashes are enough for any number of probes (A. Kirsch, M. Mitzenmacher, "Less hashing, same performance").
    const first = this.#hash.of(key)
    const second = mix(first) | 1
    let isKnown = true
    for (let probe = 0; probe < this.#probes; probe++) {
      const bit = ((first + Math.imul(probe, second)) >>> 0) % (this.#bits.length * 32)
      const mask = 1 << (bit & 31)
      const word = this.#bits[bit >>> 5] ?? 0
      if ((word & mask) === 0) isKnown = false
      this.#bits[bit >>> 5] = word | mask
    }
    if (!isKnown && ++this.#seen > this.#capacity) this.#beginAnew(key)
    return isKnown
  }

  /** Forgets everything. */
  clear(): void {
    this.#bits.fill(0)
    this.#seen = 0
  }

  #beginAnew(key: string): void {
    this.clear()
    this.admit(key)
  }
}

const mostKeys = 2 ** 27
