/**
 * Remembers which keys went lately, without keeping them: their hashes, in order of going. `has` answers for the
 * last `capacity` that were added. A table of small buckets in which the oldest is overwritten: nothing is ever
 * moved or deleted, so every call takes the same few steps.
 */
export class GhostList {
  #hashes = new Int32Array(0)
  #moments = new Int32Array(0)
  #bucketMask = 0
  #capacity = 0
  #now = 1

  /** Remembers the last `capacity` from now on. What it knew is forgotten if it must grow. */
  reserve(capacity: number): void {
    this.#capacity = capacity
    let buckets = 4
    while (buckets * bucketSize < capacity * 2) buckets *= 2
    if (buckets * bucketSize <= this.#hashes.length) return
    this.#hashes = new Int32Array(buckets * bucketSize)
    this.#moments = new Int32Array(buckets * bucketSize)
    this.#bucketMask = buckets - 1
  }

  clear(): void {
    this.#moments.fill(0)
    this.#now = 1
  }

  add(hash: number): void {
    const first = (hash & this.#bucketMask) * bucketSize
    let oldest = first
    for (let at = first; at < first + bucketSize; at++) {
      if (this.#hashes[at] === hash) {
        oldest = at
        break
      }
      if ((this.#moments[at] ?? 0) < (this.#moments[oldest] ?? 0)) oldest = at
    }
    this.#hashes[oldest] = hash
    this.#moments[oldest] = this.#now++
    if (this.#now > latestMoment) this.clear()
  }

  /** How many went after this one, or -1 for one that isn't remembered. */
  age(hash: number): number {
    const first = (hash & this.#bucketMask) * bucketSize
    for (let at = first; at < first + bucketSize; at++) {
      const moment = this.#moments[at] ?? 0
      if (this.#hashes[at] !== hash || moment === 0) continue
      const age = this.#now - moment - 1
      return age < this.#capacity ? age : -1
    }
    return -1
  }

  has(hash: number): boolean {
    return this.age(hash) >= 0
  }

  /** Forgets one: it has come back. */
  remove(hash: number): void {
    const first = (hash & this.#bucketMask) * bucketSize
    for (let at = first; at < first + bucketSize; at++) if (this.#hashes[at] === hash) this.#moments[at] = 0
  }
}

const bucketSize = 4
const latestMoment = 2 ** 30
