/*
 * Percentiles without keeping the samples. A duration goes into one of eight buckets per power of two, so that
 * a percentile is off by at most an eighth, from 16 nanoseconds to an hour, in 352 numbers. This is the idea of
 * G. Tene's HdrHistogram with the precision fixed.
 */

const bucketsPerDoubling = 8
const doublings = 44
const shortest = 16

/** How long something takes, as it was seen so far; nanoseconds. */
export interface LatencySummary {
  readonly count: number
  /** Half were faster. 0 before the first. */
  readonly p50: number
  /** 99 of 100 were faster. 0 before the first. */
  readonly p99: number
}

/** A histogram of durations. */
export class Latency {
  #counts: Uint32Array | undefined
  #total = 0

  /** @param nanoseconds how long it took */
  record(nanoseconds: number): void {
    // Most nodes have tiers that are never asked; those cost nothing.
    const counts = (this.#counts ??= new Uint32Array(bucketsPerDoubling * doublings))
    const bucket = bucketOf(nanoseconds)
    counts[bucket] = (counts[bucket] ?? 0) + 1
    this.#total++
  }

  summary(): LatencySummary {
    return { count: this.#total, p50: this.#percentile(0.5), p99: this.#percentile(0.99) }
  }

  reset(): void {
    this.#counts = undefined
    this.#total = 0
  }

  #percentile(share: number): number {
    if (this.#counts === undefined) return 0
    let left = Math.ceil(this.#total * share)
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      left -= this.#counts[bucket] ?? 0
      if (left <= 0) return middleOf(bucket)
    }
    return 0
  }
}

function bucketOf(nanoseconds: number): number {
  if (nanoseconds <= shortest) return 0
  const bucket = Math.floor(Math.log2(nanoseconds / shortest) * bucketsPerDoubling)
  return Math.min(bucket, bucketsPerDoubling * doublings - 1)
}

function middleOf(bucket: number): number {
  return Math.round(shortest * 2 ** ((bucket + 0.5) / bucketsPerDoubling))
}
