import type { EvictionReason, LocalStorage, LocalStorageStats } from '../contracts/local-storage.ts'
import { rate, type TierCounters } from '../observe/counters.ts'
import type { LatencySummary } from '../observe/latency.ts'
import type { Refusal } from './events.ts'
import type { Plan } from './plan.ts'

/** What happened at a node since it was defined or reset. Times in nanoseconds; rates from 0 to 1. */
export interface NodeStats {
  /** Reads: hits and misses. `getMany` counts each item. */
  readonly requestCount: number
  /** Answered from some tier. */
  readonly hitCount: number
  readonly hitRate: number
  /** Had to load, or to wait for somebody's load. */
  readonly missCount: number
  readonly missRate: number
  /** Of the misses, those that waited for a load already under way, here or in another process. */
  readonly coalescedCount: number
  /** Answers that were stale. */
  readonly staleCount: number
  readonly loadCount: number
  readonly loadSuccessCount: number
  readonly loadFailureCount: number
  readonly loadFailureRate: number
  readonly totalLoadTime: number
  readonly averageLoadTime: number
  /** Calls of `load` and `loadMany`. */
  readonly loadLatency: LatencySummary
  /** Loads that did not wait any longer for another process, and wrote nothing. */
  readonly unleasedLoadCount: number
  /** Loads that passed their hard limit, or lost all callers, and still run. */
  readonly detachedLoadCount: number
  /** Loaded values that an invalidation, or a lost lease, kept from being written. */
  readonly refusedWriteCount: number
  /** The same by reason, as the event `writeRefused` has them. */
  readonly refusedWrites: { readonly [Reason in Refusal]: number }
  /** Entries met that were of no use any more: a tag or scope of theirs was invalidated. */
  readonly invalidEntryCount: number
  /** Loaded values that could not be written. */
  readonly failedWriteCount: number
  /** Its tiers, in the order they are asked. */
  readonly tiers: readonly TierStats[]
}

/** What happened at one tier of a node. */
export interface TierStats {
  /** Name of the storage. */
  readonly name: string
  /** What it is: `memory`, `sqlite`, … */
  readonly storageType: string
  readonly hitCount: number
  readonly missCount: number
  /** Calls that failed, those that took too long among them. */
  readonly failureCount: number
  readonly timeoutCount: number
  /** Entries whose bytes could not be read. */
  readonly unreadableCount: number
  /** Of memory, a sample of the reads; of other tiers, every multi-get. */
  readonly readLatency: LatencySummary
  /** Entries in the storage, whichever node's; only where that is known without asking a server. */
  readonly entryCount?: number
  /** Entries that went from the storage by themselves, whichever node's. */
  readonly evictionCount?: { readonly [Reason in Extract<EvictionReason, 'capacity' | 'expired'>]: number }
}

/** The statistics of a node. */
export function nodeStats<Params, Value>(plan: Plan<Params, Value>): NodeStats {
  const { counters } = plan
  const { fence, lease, tag } = counters.refusedWrites
  const requestCount = counters.hits + counters.misses
  const loadCount = counters.loadSuccesses + counters.loadFailures
  return {
    requestCount,
    hitCount: counters.hits,
    hitRate: rate(counters.hits, requestCount),
    missCount: counters.misses,
    missRate: rate(counters.misses, requestCount),
    coalescedCount: counters.coalesced,
    staleCount: counters.stale,
    loadCount,
    loadSuccessCount: counters.loadSuccesses,
    loadFailureCount: counters.loadFailures,
    loadFailureRate: rate(counters.loadFailures, loadCount),
    totalLoadTime: counters.totalLoadTime,
    averageLoadTime: rate(counters.totalLoadTime, loadCount),
    loadLatency: counters.loadLatency.summary(),
    unleasedLoadCount: counters.unleasedLoads,
    detachedLoadCount: counters.detachedLoads,
    refusedWriteCount: fence + lease + tag,
    refusedWrites: { fence, lease, tag },
    invalidEntryCount: counters.invalidEntries,
    failedWriteCount: counters.failedWrites,
    tiers: [
      ...plan.localTiers.map((tier) => ({ ...tierStats(tier, tier.storage.type), ...localSummary(tier.storage) })),
      ...plan.remoteTiers.map((tier) => tierStats(tier, tier.channel.storage.type)),
    ],
  }
}

/** What is known of a private storage; it may count more than that. */
export function localSummary(storage: LocalStorage): Pick<LocalStorageStats, 'entryCount' | 'evictionCount'> {
  const { entryCount, evictionCount } = storage.stats()
  return { entryCount, evictionCount: { capacity: evictionCount.capacity, expired: evictionCount.expired } }
}

/** Sets a node's counters, and those of its tiers, to nothing. */
export function resetStats<Params, Value>(plan: Plan<Params, Value>): void {
  plan.counters.reset()
  for (const tier of [...plan.localTiers, ...plan.remoteTiers]) tier.counters.reset()
}

function tierStats(tier: { readonly name: string; readonly counters: TierCounters }, storageType: string): TierStats {
  const { counters } = tier
  return {
    name: tier.name,
    storageType,
    hitCount: counters.hits,
    missCount: counters.misses,
    failureCount: counters.failures,
    timeoutCount: counters.timeouts,
    unreadableCount: counters.unreadable,
    readLatency: counters.readLatency.summary(),
  }
}
