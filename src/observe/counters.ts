import { Latency } from './latency.ts'

/** What is counted of a node. Written by the core as it goes, read through `nodeStats`. */
export class NodeCounters {
  hits = 0
  /** Answers that were stale, for whatever reason. */
  stale = 0
  misses = 0
  coalesced = 0
  loadSuccesses = 0
  loadFailures = 0
  totalLoadTime = 0
  unleasedLoads = 0
  readonly refusedWrites: { fence: number; lease: number; tag: number } = { fence: 0, lease: 0, tag: 0 }
  failedWrites = 0
  /** Entries met that an invalidation of a tag or scope had reached. */
  invalidEntries = 0
  /** Loads that passed their hard limit, or lost all callers, and still run. Not reset: they are there. */
  detachedLoads = 0
  readonly loadLatency: Latency = new Latency()

  /** Counts a load that ended. @param nanoseconds its share of the time, where several were loaded by one call */
  countLoad(outcome: 'success' | 'failure', nanoseconds: number): void {
    if (outcome === 'success') this.loadSuccesses++
    else this.loadFailures++
    this.totalLoadTime += nanoseconds
  }

  reset(): void {
    this.hits = this.stale = this.misses = this.coalesced = 0
    this.loadSuccesses = this.loadFailures = this.totalLoadTime = 0
    this.unleasedLoads = this.failedWrites = this.invalidEntries = 0
    this.refusedWrites.fence = this.refusedWrites.lease = this.refusedWrites.tag = 0
    this.loadLatency.reset()
  }
}

/** What is counted of a tier, as one node uses it. */
export class TierCounters {
  hits = 0
  misses = 0
  failures = 0
  timeouts = 0
  unreadable = 0
  readonly readLatency: Latency = new Latency()

  reset(): void {
    this.hits = this.misses = this.failures = this.timeouts = this.unreadable = 0
    this.readLatency.reset()
  }
}

/** A share of a whole; 0 where there is no whole yet. */
export function rate(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole
}
