import type { Leases, Markers, Storage } from '../../contracts/storage.ts'

/**
 * One table of a database, whatever its dialect: what a storage does, for any number of keys, once it is open.
 *
 * A row is an entry, a lease, or both. It is an entry until `expires_at`, which is 0 for one that is but a lease, and
 * leased until `lease_until`. A row that is neither is dead: nobody sees it, and the sweeper takes it away.
 */
export interface SqlTable
  extends Pick<Storage, 'getMany' | 'setMany' | 'expireMany' | 'deleteMany' | 'clear'>, Leases, Markers {
  /** Some of the keys of entries, or of leases, that begin with `prefix`: those that come next behind the key `after`. */
  page(what: Listed, prefix: string, after: string | undefined): Promise<KeyPage>
  /** The clock that entries live by: milliseconds since 1970. */
  now(): Promise<number>
  /** Takes away dead rows, a few at a time. */
  sweep(): Promise<void>
}

/** What a listing is of. */
export type Listed = 'entries' | 'leases'

/** A part of the keys of a table. */
export interface KeyPage {
  readonly keys: readonly string[]
  /** Where the next page begins; `undefined` if this was the last. */
  readonly last: string | undefined
}

/** What `expires_at` says of an entry that never does: a number every driver can carry. */
export const never: number = Number.MAX_SAFE_INTEGER

/** A length of time as a table takes it: whole milliseconds, and never more than was asked. */
export function wholeMilliseconds(duration: number = Infinity): number {
  return Math.min(Math.floor(duration), never)
}
