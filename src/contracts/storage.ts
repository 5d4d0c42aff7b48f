/** What a storage keeps under a key: a header that stays readable to it, and a payload that is none of its business. */
export interface Stored {
  readonly header: Uint8Array
  readonly payload: Uint8Array
}

/** Something to keep, and for how long. */
export interface StoredItem extends Stored {
  readonly key: string
  /**
   * Milliseconds the storage keeps it, counted from the call; it must be gone for readers after that. Absent: for ever.
   */
  readonly ttl?: number | undefined
}

/**
 * A place outside this process's memory: asynchronous, bytes and moments, nothing else. `host` means a file of this
 * machine, `shared` a server. Many keys go in one call, in one round trip where the backend can.
 *
 * A key is never empty and holds no lone surrogates; any other character it may. Bytes that are handed in stay the
 * caller's and must not be changed until the call has ended; those that come out are the caller's to keep.
 *
 * A call after `close` rejects with `CLOSED`. Nothing here judges freshness, retries for long, or swallows an error.
 */
export interface Storage {
  readonly kind: 'host' | 'shared'
  /** What it is, for statistics: `sqlite`, `redis`, … */
  readonly type: string
  /** The longest key it takes, in bytes of UTF-8. Absent: no limit worth knowing. */
  readonly maxKeyBytes?: number
  readonly capabilities: Capabilities

  /** Connects and makes what is missing. Idempotent; the first operation calls it too. */
  open(): Promise<void>
  /** What is stored, in the order asked, `undefined` where nothing is or its ttl has passed. */
  getMany(keys: readonly string[]): Promise<(Stored | undefined)[]>
  /** Keeps items, whatever was there before, and drops their leases. Of one key twice, the later one stays. */
  setMany(items: readonly StoredItem[]): Promise<void>
  /**
   * Makes entries stale at once, atomically, and drops their leases. Never revives or prolongs one. An entry whose
   * header it can't read it deletes.
   */
  expireMany(keys: readonly string[]): Promise<void>
  /** Deletes entries and drops leases. @returns how many entries there were */
  deleteMany(keys: readonly string[]): Promise<number>
  /** Deletes every entry and lease whose key starts with `prefix`, taken literally, and nothing else. */
  clear(prefix: string): Promise<void>
  /** Finishes what is under way and lets go. Idempotent. */
  close(): Promise<void>
}

/** What a storage can do beyond the contract. A capability is an object that is there or not. */
export interface Capabilities {
  readonly leases?: Leases
  readonly markers?: Markers
  readonly scan?: Scan
  readonly time?: Time
  readonly feed?: Feed
  readonly serverStats?: ServerStats
}

/** Listing. */
export interface Scan {
  /** The keys that start with `prefix` and hold an entry (leases are none), page by page, each at least once. */
  keys(prefix: string): AsyncIterable<readonly string[]>
  /**
   * The keys that start with `prefix` and hold a lease, with or without an entry, in the same way. Where it is missing,
   * an invalidation by pattern doesn't fence the loads that other processes have under way.
   */
  leases?(prefix: string): AsyncIterable<readonly string[]>
}

/** The storage's own clock, where it isn't the process's. */
export interface Time {
  /** Milliseconds since 1970, by the storage. */
  now(): Promise<number>
}

/**
 * The fence across processes: a random token beside an entry. A write that shows a token succeeds only while that
 * token stands, so a slow load can't overwrite a newer truth. Delete, expire and an explicit set drop it; it
 * runs out by itself.
 */
export interface Leases {
  /** Takes each key's lease if it is free, or in any case with `force`. */
  claimMany(claims: readonly Claim[]): Promise<ClaimAnswer[]>
  /** Prolongs leases. @returns for each whether the token still stood */
  renewMany(renewals: readonly Claim[]): Promise<boolean[]>
  /**
   * Writes entries whose token still stands, and gives the leases back. A lease that has run out doesn't stand, though
   * nobody else may have taken it. It may wait a few milliseconds for company before it is written.
   * @returns for each whether it was written
   */
  fulfilMany(items: readonly (StoredItem & { readonly token: string })[]): Promise<boolean[]>
  /** Gives leases back without writing. A token that no longer stands changes nothing. */
  releaseMany(leases: readonly { readonly key: string; readonly token: string }[]): Promise<void>
}

/** Who wants a lease, and for how long. */
export interface Claim {
  readonly key: string
  readonly token: string
  /** Milliseconds until the lease runs out, unless renewed. */
  readonly life: number
  /** Take it even from a holder, who then can't write any more. */
  readonly force?: true
}

/** What became of a claim. */
export interface ClaimAnswer {
  readonly won: boolean
  /** The entry that stood there at that moment, fresh or not. */
  readonly stored: Stored | undefined
  /** The storage's clock at that moment. */
  readonly now: number
}

/**
 * The versions of tags and scopes. A marker is read by `getMany` like any entry, and deleted and cleared like one; its
 * header is its hard version and its payload the soft one, both of the caller's making. Markers are changed only here,
 * never by `setMany`, and live as long as the longest entry that carries them: their life is never shortened.
 */
export interface Markers {
  /**
   * Keeps each marker that is missing, and prolongs the life of one that would end before its `ttl`. Of one key twice,
   * the first is made and both are answered alike.
   * @returns what stands under each key now: what was there, or what was given
   */
  ensureMany(markers: readonly StoredItem[]): Promise<Stored[]>
  /**
   * Replaces both versions, or with `softOnly` just the payload, atomically. One that is missing is made, both versions
   * as given. Life is what it was, or `ttl` if that is longer.
   */
  changeMany(changes: readonly MarkerChange[]): Promise<void>
}

/** What becomes of a marker. */
export interface MarkerChange extends StoredItem {
  /** Leave the header of a marker that is there as it is. */
  readonly softOnly?: true
}

/**
 * The stream of changes: which keys were set, deleted or expired, by whoever it was, this process included, however
 * they were changed. A key may be told more often than it changed, and later, but never be left out while the feed is
 * unbroken. Taking a lease changes nothing.
 */
export interface Feed {
  /**
   * Follows the changes of all keys that start with `prefix`, until `stop`. Returns at once; the listener hears
   * `unbroken` when following has begun, and again each time after `broken`. A feed that breaks is taken up again by
   * itself, with pauses that grow, for as long as it takes; nothing of this keeps the process alive.
   */
  follow(prefix: string, listener: FeedListener): { stop(): Promise<void> }
}

/** Who follows a feed. None of these may throw. */
export interface FeedListener {
  /** From now on nothing is missed. What was read before this may be out of date. */
  unbroken(): void
  /** These keys have changed. */
  changed(keys: readonly string[]): void
  /** Everything may have changed: a flush, a clear, an overflow. */
  changedAll(): void
  /**
   * Changes may be missed from now on, or have been for at most a second and a half: a connection that is silent for
   * so long is a broken one.
   */
  broken(cause: unknown): void
}

/** What a server says of itself: of all it keeps, not only of what is ours. */
export interface ServerStats {
  read(): Promise<ServerFigures>
}

/** Figures of a server since it started; `undefined` where it doesn't tell. */
export interface ServerFigures {
  readonly hitCount: number | undefined
  readonly missCount: number | undefined
  /** Hits per read, 0 before the first. */
  readonly hitRate: number | undefined
  readonly evictionCount: number | undefined
  /** Bytes in use. */
  readonly memoryBytes: number | undefined
  /** Keys, rows or documents. */
  readonly keyCount: number | undefined
}
