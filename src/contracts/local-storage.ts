import type { Clock } from '../kernel/clock.ts'

/** Why a private storage let go of an entry: it was full, the entry's time was up, somebody deleted or overwrote it. */
export type EvictionReason = 'capacity' | 'expired' | 'deleted' | 'replaced'

/** What a private storage says of itself. */
export interface LocalStorageStats {
  /** Entries kept now. Expired ones that have not gone yet may be among them. */
  readonly entryCount: number
  /** Entries that went by themselves, since the storage was made. */
  readonly evictionCount: { readonly capacity: number; readonly expired: number }
}

/**
 * A place in this process's memory: synchronous, values by reference, bounded.
 * The contract of private tiers; `MemoryCache` is one.
 */
export interface LocalStorage<Value = unknown> {
  readonly kind: 'private'
  /** What it is, for statistics: `memory`, … */
  readonly type: string
  /** The clock its lifetimes run on. A cache refuses a storage that runs on another clock than its own. */
  readonly clock: Clock
  /**
   * The value of a key that has not expired. Counts as a use.
   * @param now the moment of the read, when the caller has just asked the clock; else the storage asks it
   */
  get(key: string, now?: number): Value | undefined
  /** As {@link get}, but leaves no trace: not a use, not counted. */
  peek(key: string, now?: number): Value | undefined
  /**
   * Keeps a value.
   * @param options `ttl`: milliseconds until it expires; without it, the storage's own default
   * @returns whether it was kept: a storage may refuse what it has no room for
   */
  set(key: string, value: Value, options?: { readonly ttl?: number | undefined }): boolean
  /** @returns whether there was something to delete */
  delete(key: string): boolean
  /** Deletes everything. */
  clear(): void
  /** The keys it holds that have not expired, in no particular order. The storage may be changed meanwhile. */
  keys(): IterableIterator<string>
  stats(): LocalStorageStats
}
