/**
 * How often a key was seen lately, roughly, in a few bits: a count-min sketch of 4-bit counters
 * (G. Cormode and S. Muthukrishnan, "An improved data stream summary", 2005), aged by halving as TinyLFU does
 * (G. Einziger, R. Friedman, B. Manes, "TinyLFU: a highly efficient cache admission policy", 2017).
 *
 * A key owns two counters, one in each half of a word, so that asking about it reads one word and counting it writes
 * that word. The estimate is the lesser of the two: others can only have pushed a counter up. (Four counters in two
 * words of a sketch of the same size are worth a tenth of a point of hit ratio, and cost twice as much.) A counter stops at 15; after `period` additions all of them are halved, so that what was
 * popular yesterday doesn't stand in the way for ever. Halving goes a few words at a time with the additions that
 * follow: halving a large sketch at once takes milliseconds.
 */
export class FrequencySketch {
  #words = new Int32Array(0)
  #mask = 0
  #period = 0
  #additions = 0
  // Where halving has got to; the number of words when it isn't going on.
  #halved = 0

  /**
   * Sizes the sketch; it never becomes smaller. When it grows, every word is copied to the places its keys may be
   * looked for from now on, so that nothing is forgotten.
   * @param words at least so many, of eight counters each
   * @param period after how many additions the counters are halved
   */
  reserve(words: number, period: number): void {
    this.#period = period
    let length = Math.max(fewestWords, this.#words.length)
    while (length < words) length *= 2
    if (length === this.#words.length) return
    const before = this.#words
    this.#words = new Int32Array(length)
    for (let at = 0; before.length > 0 && at < length; at += before.length) this.#words.set(before, at)
    this.#mask = length - 1
    this.#halved = length
  }

  clear(): void {
    this.#words.fill(0)
    this.#additions = 0
    this.#halved = this.#words.length
  }

  /** 0 to 15. */
  estimate(hash: number): number {
    const word = this.#words[scramble(hash) & this.#mask] ?? 0
    return least((word >>> ((hash & 3) << 2)) & 15, (word >>> ((hash & 12) + 16)) & 15)
  }

  /** Counts `times` more uses of a key, 15 at most. @returns the estimate now */
  add(hash: number, times: number): number {
    const at = scramble(hash) & this.#mask
    const word = this.#words[at] ?? 0
    const shiftA = (hash & 3) << 2
    const shiftB = (hash & 12) + 16
    const a = (word >>> shiftA) & 15
    const b = (word >>> shiftB) & 15
    const target = least(15, least(a, b) + times)
    // Conservative update: a counter that others have pushed up already stays as it is, which keeps estimates low.
    this.#words[at] = word + (positive(target - a) << shiftA) + (positive(target - b) << shiftB)
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

const fewestWords = 8
const wordsPerHalving = 128

// The counters of different keys are as good as random, and a branch that can't be foretold costs more than all the
// arithmetic here together.
function least(one: number, other: number): number {
  return other + ((one - other) & ((one - other) >> 31))
}

function positive(number: number): number {
  return number & ~(number >> 31)
}

// The low bits of the hash choose the counters; the word must not be chosen by the same ones.
function scramble(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1)
  return mixed ^ (mixed >>> 16)
}
