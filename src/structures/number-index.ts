import { grownIntegers, grownNumbers } from './grown.ts'
import { absent, foreign, type KeyIndex } from './key-index.ts'
import type { SlotHashes } from './slot-hashes.ts'

/**
 * Numbers to slots: buckets of chained slots, which for keys that take a few operations to hash and one to compare is
 * faster than open addressing. Putting in and taking out changes two links, and nobody is ever moved for another.
 *
 * **Growing** splits one bucket after the other (W. Litwin, "Linear hashing", 1980): bucket `b` of `n` becomes `b` and
 * `b + n`. Buckets at or above the limit have not been split off yet, so what belongs there is still in their lower half.
 *
 * The hash is seeded: whoever may choose ids can't choose them so that they clash.
 */
export class NumberIndex implements KeyIndex<number> {
  // Integers, until another number comes.
  #keys: Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer> = new Int32Array(0)
  readonly #hashes: SlotHashes
  readonly #seed: number
  // The first slot of each bucket, and the next one of each slot; plus 1, for 0 is the end of a chain.
  #first = new Int32Array(fewestBuckets)
  #next = new Int32Array(0)
  #mask = fewestBuckets - 1
  #limit = fewestBuckets
  #growAt = mostSlots(fewestBuckets)
  // The hash of what was looked for last.
  #sought = 0

  /** @param seed any 32 bits; the same seed gives the same hashes */
  constructor(seed: number, hashes: SlotHashes) {
    this.#seed = seed
    this.#hashes = hashes
  }

  reserve(slots: number): void {
    this.#hashes.reserve(slots)
    const keys = this.#keys
    this.#keys = keys instanceof Int32Array ? grownIntegers(keys, slots) : grownNumbers(keys, slots)
    this.#next = grownIntegers(this.#next, slots)
  }

  find(key: unknown): number {
    if (typeof key !== 'number') return foreign
    const hash = this.#hashOf(key)
    this.#sought = hash
    const keys = this.#keys
    for (let cell = this.#first[this.#bucketOf(hash)] ?? 0; cell !== 0; cell = this.#next[cell - 1] ?? 0) {
      if (keys[cell - 1] === key) return cell - 1
    }
    // NaN is not equal to itself, and no table that compares with === can find it again.
    return Number.isNaN(key) ? foreign : absent
  }

  insert(key: number, slot: number): number {
    const hash = this.#sought
    if (slot >= this.#growAt) this.#grow()
    if (this.#limit <= this.#mask) this.#splitSome()
    if ((key | 0) !== key && this.#keys instanceof Int32Array) this.#keys = new Float64Array(this.#keys)
    const bucket = this.#bucketOf(hash)
    this.#keys[slot] = key
    this.#hashes.of[slot] = hash
    this.#next[slot] = this.#first[bucket] ?? 0
    this.#first[bucket] = slot + 1
    return hash
  }

  remove(slot: number): void {
    const bucket = this.#bucketOf(this.#hashes.of[slot] ?? 0)
    const after = this.#next[slot] ?? 0
    let before = (this.#first[bucket] ?? 0) - 1
    if (before === slot) {
      this.#first[bucket] = after
      return
    }
    for (let next = this.#next[before] ?? 0; next !== slot + 1; next = this.#next[before] ?? 0) before = next - 1
    this.#next[before] = after
  }

  keyAt(slot: number): number {
    return this.#keys[slot] ?? Number.NaN
  }

  clear(): void {
    this.#first = new Int32Array(fewestBuckets)
    this.#mask = fewestBuckets - 1
    this.#limit = fewestBuckets
    this.#growAt = mostSlots(fewestBuckets)
  }

  /** Looks for broken structure. @throws Error, saying what is wrong; for tests */
  check(slots: readonly number[]): void {
    for (const slot of slots) {
      if (this.find(this.keyAt(slot)) !== slot) throw new Error(`the key of slot ${slot} isn't found`)
    }
    let chained = 0
    for (const first of this.#first) {
      for (let cell = first; cell !== 0; cell = this.#next[cell - 1] ?? 0) {
        if (++chained > slots.length) throw new Error('more slots in chains than there are')
      }
    }
    if (chained !== slots.length) throw new Error('fewer slots in chains than there are')
  }

  #hashOf(key: number): number {
    const small = key | 0
    if (small === key) return mix(small ^ this.#seed)
    bits.number[0] = key
    return mix((bits.halves[0] ?? 0) ^ mix((bits.halves[1] ?? 0) ^ this.#seed))
  }

  #bucketOf(hash: number): number {
    const bucket = hash & this.#mask
    return bucket < this.#limit ? bucket : bucket & (this.#mask >> 1)
  }

  #grow(): void {
    // Twice as many are split with every insertion as would be enough.
    while (this.#limit <= this.#mask) this.#splitSome()
    this.#limit = this.#first.length
    this.#first = grownIntegers(this.#first, this.#limit * 2)
    this.#mask = this.#limit * 2 - 1
    this.#growAt = mostSlots(this.#limit * 2)
  }

  #splitSome(): void {
    for (let split = 0; split < splitsPerInsertion && this.#limit <= this.#mask; split++) this.#split()
  }

  // Those of the lowest bucket not yet split whose hash says so go to the other half.
  #split(): void {
    const upper = this.#limit++
    const lower = upper & (this.#mask >> 1)
    let cell = this.#first[lower] ?? 0
    this.#first[lower] = 0
    while (cell !== 0) {
      const next = this.#next[cell - 1] ?? 0
      const bucket = ((this.#hashes.of[cell - 1] ?? 0) & this.#mask) === upper ? upper : lower
      this.#next[cell - 1] = this.#first[bucket] ?? 0
      this.#first[bucket] = cell
      cell = next
    }
  }
}

/** Spreads 32 bits over 32 bits, each bit depending on all; one to one. */
export function mix(bits32: number): number {
  let mixed = Math.imul(bits32 ^ (bits32 >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

const number = new Float64Array(1)
const bits = { number, halves: new Int32Array(number.buffer) }

// The emptier the buckets, the better a processor foretells where a chain ends; the fuller, the more of them it keeps
// at hand.
function mostSlots(buckets: number): number {
  if (buckets <= 2 ** 12) return buckets * 0.3
  return buckets <= 2 ** 16 ? buckets * 0.5 : buckets * 0.8
}

const fewestBuckets = 64
const splitsPerInsertion = 8
