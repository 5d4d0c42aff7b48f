import type { AnyPlan, Plan } from '../core/plan.ts'
import { localSummary, type NodeStats, nodeStats } from '../core/stats.ts'
import type { Storages } from '../core/storages.ts'
import { rate } from '../observe/counters.ts'

/** What happened in a cache. Times in nanoseconds; rates from 0 to 1. */
export interface CacheStats {
  readonly requestCount: number
  readonly hitCount: number
  readonly hitRate: number
  readonly missCount: number
  readonly missRate: number
  readonly loadCount: number
  readonly loadFailureCount: number
  /** By name. */
  readonly nodes: Readonly<Record<string, NodeStats>>
  /** Entries without a node: `cache.get`, `cache.getOrLoad`. */
  readonly plain: NodeStats
  /** By name. */
  readonly storages: Readonly<Record<string, StorageSummary>>
}

/** A storage, as far as it is known without asking it. */
export interface StorageSummary {
  readonly storageType: string
  readonly entryCount?: number
  readonly evictionCount?: { readonly capacity: number; readonly expired: number }
}

/** The statistics of a cache: its nodes', and their sums. */
export function cacheStats(
  plans: ReadonlyMap<string, AnyPlan>,
  plain: Plan<string, unknown>,
  storages: Storages,
): CacheStats {
  const nodes = Object.fromEntries([...plans].map(([name, plan]) => [name, nodeStats(plan as Plan<unknown, unknown>)]))
  const plainStats = nodeStats(plain)
  const sum = (count: (stats: NodeStats) => number): number =>
    [plainStats, ...Object.values(nodes)].reduce((total, stats) => total + count(stats), 0)
  const requestCount = sum((stats) => stats.requestCount)
  const hitCount = sum((stats) => stats.hitCount)
  const missCount = sum((stats) => stats.missCount)
  return {
    requestCount,
    hitCount,
    hitRate: rate(hitCount, requestCount),
    missCount,
    missRate: rate(missCount, requestCount),
    loadCount: sum((stats) => stats.loadCount),
    loadFailureCount: sum((stats) => stats.loadFailureCount),
    nodes,
    plain: plainStats,
    storages: Object.fromEntries(
      [...storages.all].map(([name, storage]) => [
        name,
        { storageType: storage.type, ...(storage.kind === 'private' ? localSummary(storage) : {}) },
      ]),
    ),
  }
}
