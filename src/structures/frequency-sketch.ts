/**
 * How often a key was seen lately, roughly, in a few bits: a count-min sketch of 4-bit counters
 * (G. Cormode and S. Muthukrishnan, "An improved data stream summary", 2005), aged by halving as TinyLFU does
 * (G. Einziger, R. Friedman, B. Manes, "TinyLFU: a highly efficient cache admission policy", 2017).
 *
 * A key owns four counters, one in each half of two neighbouring words, so that asking about it touches one line of
 * the processor's cache. The estimate is the least of the four: others can only have
 * pushed a counter up. A counter stops at 15; after `period` additions all of them are halved, so that what was
 * popular yesterday doesn't stand in the way for ever. Halving goes a few words at a time with the additions that
 * follow: halving a large sketch at once takes milliseconds.
 */
export class FrequencySketch {
  #words = new Int32Array(0)
  #blockMask = 0
  #period = 0
  #additions = 0
  // Where halving has got to; the number of words when it isn't going on.
  #halved = 0

  /**
   * Sizes the sketch; it never becomes smaller. When it grows, every block is copied to the places its keys may be
   * looked for from now on, so that nothing is forgotten.
   * @param words at least so many, of eight counters each
   * @param period after how many additions the counters are halved
   */
  reserve(words: number, period: number): void {
    this.#period = period
    let length = Math.max(4 * wordsPerBlock, this.#words.length)
    while (length < words) length *= 2
    if (length === this.#words.length) return
    const before = this.#words
    this.#words = new Int32Array(length)
    for (let at = 0; before.length > 0 && at < length; at += before.length) this.#words.set(before, at)
    this.#blockMask = length / wordsPerBlock - 1
    this.#halved = length
  }

  clear(): void {
    this.#words.fill(0)
    this.#additions = 0
    this.#halved = this.#words.length
  }

  /** 0 to 15. */
  estimate(hash: number): number {
    const block = (scramble(hash) & this.#blockMask) << 1
    const left = this.#words[block] ?? 0
    const right = this.#words[block + 1] ?? 0
    const a = (left >>> ((hash & 3) << 2)) & 15
    const b = (left >>> ((hash & 12) + 16)) & 15
    const c = (right >>> ((hash & 48) >>> 2)) & 15
    const d = (right >>> (((hash & 192) >>> 4) + 16)) & 15
    return least(least(a, b), least(c, d))
  }

  /** Counts `times` more uses of a key, 15 at most. @returns the estimate now */
  add(hash: number, times: number): number {
    const block = (scramble(hash) & this.#blockMask) << 1
    const left = this.#words[block] ?? 0
    const right = this.#words[block + 1] ?? 0
    const shiftA = (hash & 3) << 2
    const shiftB = (hash & 12) + 16
    const shiftC = (hash & 48) >>> 2
    const shiftD = ((hash & 192) >>> 4) + 16
    const a = (left >>> shiftA) & 15
    const b = (left >>> shiftB) & 15
    const c = (right >>> shiftC) & 15
    const d = (right >>> shiftD) & 15
    const target = least(15, least(least(a, b), least(c, d)) + times)
    // Conservative update: counters that others have pushed up already stay as they are, which keeps estimates low.
    this.#words[block] = left + (positive(target - a) << shiftA) + (positive(target - b) << shiftB)
    this.#words[block + 1] = right + (positive(target - c) << shiftC) + (positive(target - d) << shiftD)
    this.#additions += times
    if (this.#halved < this.#words.length) this.#halveSome()
    else if (this.#additions >= this.#period) this.age()
    return target
  }

  /** Begins to halve every counter, unless that is going on already. */
  age(): void {
    if (this.#halved < this.#words.length) return
    this.#additions >>= 1
    this.#halved = 0
    this.#halveSome()
  }

  #halveSome(): void {
    const end = Math.min(this.#halved + wordsPerHalving, this.#words.length)
    for (let at = this.#halved; at < end; at++) this.#words[at] = ((this.#words[at] ?? 0) >>> 1) & 0x77777777
    this.#halved = end
  }
}

const wordsPerBlock = 2
const wordsPerHalving = 128

// The counters of different keys are as good as random, and a branch that can't be foretold costs more than all the
// arithmetic here together.
function least(one: number, other: number): number {
  return other + ((one - other) & ((one - other) >> 31))
}

function positive(number: number): number {
  return number & ~(number >> 31)
}

// The low bits of the hash choose the counters; the block must not be chosen by the same ones.
function scramble(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1)
  return mixed ^ (mixed >>> 16)
}
