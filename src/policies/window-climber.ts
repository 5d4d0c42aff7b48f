import { GhostCells } from '../structures/ghost-cells.ts'

/**
 * How large the window of {@link TinyLfu} should be, found while the cache runs.
 *
 * No size is right for every program: a database's log wants nearly all of the cache in the window, a loop that is
 * longer than the cache wants nothing there. Three observations are put together.
 *
 * 1. **Density.** Within one sample of requests, how many hits did an entry of the window get, and one of the main
 *    space? Room goes to where an entry earns more. The signal is strong and rarely wrong, but it is an average: it
 *    says what the entries earn that are there, not what one more would.
 * 2. **Ghosts.** Which keys come back soon after they went, those the window sent away or those the main space did?
 *    That is what one more entry would earn at either side, but it is scarce, and in a loop that nearly fits it lies.
 *    Added to the density with a smaller weight it keeps what is good in both.
 * 3. **Shift.** When the working set is replaced, the main space is full of what was popular and admits nothing new,
 *    and climbing takes ten times the cache's size in requests. So requests are watched in short intervals: if the
 *    hit rate falls by half *while the window's entries earn several times what the main ones do*, it was a shift,
 *    and the window is opened at once. In a scan or a loop the window earns nothing, so they don't look like one.
 *
 * One step is 2 % of the cache for each factor of e between the two sides, once in three times the cache's size in
 * requests. Sources: the idea of climbing is from G. Einziger, O. Eytan, R. Friedman and B. Manes, "Adaptive
 * software cache management" (Middleware 2018), which climbs by hit rate; ghosts as evidence are from N. Megiddo and
 * D. Modha, "ARC" (FAST 2003).
 */
export class WindowClimber {
  /** The window's share of the cache, from {@link smallestShare} to {@link largestShare}. */
  share: number = smallestShare
  readonly #ghosts = new GhostCells()
  #rejectedBack = 0
  #displacedBack = 0
  // What had been counted when the interval began, of the counts of the sample.
  #interval: Counts = nothing
  #usualRate = -1

  /** @param capacity how many entries the cache keeps */
  resize(capacity: number): void {
    const remembered = Math.ceil(capacity <= smallCapacity ? capacity : Math.max(smallCapacity / 2, capacity / 25))
    this.#ghosts.reserve(remembered)
  }

  clear(): void {
    this.#ghosts.clear()
    this.share = smallestShare
    this.#usualRate = -1
    this.#interval = nothing
    this.#forgetReturns()
  }

  /** The window's oldest was weighed and found too light. */
  reject(hash: number): void {
    this.#ghosts.add(rejected, hash)
  }

  /** The main space gave one up. */
  displace(hash: number): void {
    this.#ghosts.add(displaced, hash)
  }

  /** A key was asked for that isn't here. */
  miss(hash: number): void {
    const ways = this.#ghosts.ways(hash)
    if (ways === 0) return
    this.#rejectedBack += ways & 1
    this.#displacedBack += ways >> 1
  }

  /** Whether there is enough to look at for {@link noticesShift} or {@link climb}. */
  isDue(requests: number, size: number): boolean {
    return requests - total(this.#interval) >= shiftInterval(size) || requests >= size * sampleLength
  }

  /** @returns whether the working set has been replaced. The sample must begin anew then. */
  noticesShift(counts: Counts, sizes: Sizes): boolean {
    const before = this.#interval
    const requests = total(counts) - total(before)
    if (requests < shiftInterval(sizes.window + sizes.main)) return false
    const windowHits = counts.windowHits - before.windowHits
    const mainHits = counts.mainHits - before.mainHits
    const rate = (windowHits + mainHits) / requests
    this.#interval = counts
    const isShift =
      this.#usualRate > leastUsualRate &&
      rate < this.#usualRate / 2 &&
      windowHits >= requests / 20 &&
      advantage(windowHits, mainHits, sizes) > 1
    if (!isShift) {
      this.#usualRate = this.#usualRate < 0 ? rate : this.#usualRate * 0.75 + rate * 0.25
      return false
    }
    this.#usualRate = rate
    this.share = Math.max(this.share, shareAfterShift)
    this.#interval = nothing
    this.#forgetReturns()
    return true
  }

  /** Takes a step at the end of a sample, if this is one. @returns whether it was */
  climb(counts: Counts, sizes: Sizes): boolean {
    const capacity = sizes.window + sizes.main
    if (total(counts) < capacity * sampleLength) return false
    const density = advantage(counts.windowHits, counts.mainHits, sizes)
    const ghosts = Math.log((this.#rejectedBack + ghostPrior) / (this.#displacedBack + ghostPrior))
    const evidence = Math.max(-strongest, Math.min(strongest, density + ghosts * ghostWeight))
    this.share = Math.max(smallestShare, Math.min(largestShare, this.share + evidence * step))
    // The counts begin again at nothing; the interval goes on.
    this.#interval = difference(this.#interval, counts)
    this.#forgetReturns()
    return true
  }

  #forgetReturns(): void {
    this.#rejectedBack = 0
    this.#displacedBack = 0
  }
}

/** What happened since the sample began. */
export interface Counts {
  readonly windowHits: number
  readonly mainHits: number
  readonly misses: number
}

/** Entries in either place. */
export interface Sizes {
  readonly window: number
  readonly main: number
}

/** Below so many entries, memory for bookkeeping is no concern, and precision is. */
export const smallCapacity = 4096

// The two kinds of ghosts.
const rejected = 0
const displaced = 1

const nothing: Counts = { windowHits: 0, mainHits: 0, misses: 0 }
const smallestShare = 0.01
const largestShare = 0.99
const shareAfterShift = 0.8
const sampleLength = 3
const step = 0.02
const strongest = 3
const ghostWeight = 0.7
// So many imagined returns at either side, or the first real one would decide alone.
const ghostPrior = 2
// Shorter ones say too little about the hit rate.
const shortestInterval = 256
const leastUsualRate = 0.05

function shiftInterval(size: number): number {
  return Math.max(shortestInterval, size / 16)
}

function total(counts: Counts): number {
  return counts.windowHits + counts.mainHits + counts.misses
}

function difference(counts: Counts, less: Counts): Counts {
  return {
    windowHits: counts.windowHits - less.windowHits,
    mainHits: counts.mainHits - less.mainHits,
    misses: counts.misses - less.misses,
  }
}

// The natural logarithm of how many times more an entry of the window earned than one of the main space.
function advantage(windowHits: number, mainHits: number, sizes: Sizes): number {
  const window = (windowHits + 0.5) / Math.max(1, sizes.window)
  const main = (mainHits + 0.5) / Math.max(1, sizes.main)
  return Math.log(window / main)
}
