/** Why a loaded value was not written. */
export type Refusal = 'fence' | 'lease' | 'tag'

/** What a cache tells those who listen, and what comes with it. Keys are full keys unless they were redacted. */
export interface CacheEvents {
  /** A request was answered from a tier. `stale`: past its freshness, under the node's terms. */
  hit: { readonly node: string; readonly key: string; readonly tier: string; readonly stale: boolean }
  /** A request found nothing it could be answered with. Told before the load. */
  miss: { readonly node: string; readonly key: string }
  /** An entry was found that is of no use any more: one of its tags or scopes was invalidated, or its marker is gone. */
  invalid: { readonly node: string; readonly key: string; readonly tier: string }
  /** A load succeeded. `duration` in milliseconds. */
  load: { readonly node: string; readonly key: string; readonly duration: number }
  /** A load failed, or passed its hard limit. */
  loadFailure: { readonly node: string; readonly key: string; readonly duration: number; readonly error: unknown }
  /** A loaded value was kept in the authority and the copies above it. */
  write: { readonly node: string; readonly key: string }
  /**
   * A loaded value was not kept. `fence`: an invalidation in this process overtook it; `lease`: its lease no longer
   * stood; `tag`: one of its tags or scopes was invalidated elsewhere, or may have been.
   */
  writeRefused: { readonly node: string; readonly key: string; readonly reason: Refusal }
  /** A loaded value was not kept, because that failed. */
  writeFailure: { readonly node: string; readonly key: string; readonly error: unknown }
  /** Entries were made unusable (`invalidate`) or stale (`expire`). `key` is absent where it was more than one. */
  invalidate: {
    readonly node: string | undefined
    readonly key: string | undefined
    readonly kind: 'invalidate' | 'expire' | 'clear'
  }
  /** An invalidation that a source asked for (`invalidateOn`) failed, or its source did. */
  invalidationFailure: { readonly error: unknown }
  /** A storage failed, or did not answer in time. */
  storageFailure: { readonly storage: string; readonly operation: string; readonly error: unknown }
  /** A storage has confirmed what it had not before: so many keys, and beginnings of keys, were deleted. */
  settled: { readonly storage: string; readonly keyCount: number; readonly headCount: number }
  /** A storage's feed has broken: copies above it are verified before they are served. */
  blind: { readonly storage: string; readonly error: unknown }
  /** A storage's feed is followed, again or for the first time. `after`: milliseconds without it. */
  synchronised: { readonly storage: string; readonly after: number }
  /** Stored bytes could not be read. They count as a miss. */
  unreadable: { readonly storage: string; readonly key: string; readonly error: unknown }
}
