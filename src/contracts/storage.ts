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
  readonly scan?: Scan
  readonly time?: Time
}

/** Listing. */
export interface Scan {
  /** The keys that start with `prefix` and hold an entry (leases are none), page by page, each at least once. */
  keys(prefix: string): AsyncIterable<readonly string[]>
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
