import type { Claim, Stored, StoredItem } from '../../../contracts/storage.ts'
import type { BatchLimits, Step } from './batches.ts'

/** A write that shows its token. */
export type LeasedItem = StoredItem & { readonly token: string }

/** A release. */
export interface Held {
  readonly key: string
  readonly token: string
}

/** A row as the server knows it. */
export interface FoundRow extends Partial<Stored> {
  /** Its id, as {@link nameOf} has it. */
  readonly name: string
}

/** What {@link SqlDialect.look} sees of a row: enough to make it stale. */
interface SeenRow {
  readonly name: string
  /** `undefined` if it is no entry, or one no more. */
  readonly header: Uint8Array | undefined
  readonly isLeased: boolean
  readonly now: number
}

/** How a row is made stale, if it is still as it was seen. */
export interface StaleStep {
  readonly id: Uint8Array
  readonly seen: Uint8Array | undefined
  /** The header it gets, and when it expires by it; `undefined` to delete it. */
  readonly stale: { readonly header: Uint8Array; readonly expiredAt: number } | undefined
}

/** A part of the rows, by their ids. */
export interface IdRange {
  readonly from: Uint8Array
  readonly to: Uint8Array
  /** Only what comes behind this id. */
  readonly after: Uint8Array | undefined
  readonly limit: number
  /** Only entries, only what is leased, or everything, dead rows too. */
  readonly what: 'entries' | 'leases' | 'rows'
}

/** A row's key. */
export interface ListedRow {
  readonly id: Uint8Array
  readonly rest: Uint8Array | null
}

/**
 * What only a dialect knows: its statements, each for so few rows that they fit, no row twice, in the order of their
 * ids. Whoever changes entries tells their keys to those who listen, if there is a way to.
 */
export interface SqlDialect<Client> {
  readonly limits: BatchLimits
  /** How large an entry may be, its key and all, and what to do about one that is larger. */
  readonly entryLimit: { readonly bytes: number; readonly advice: string }
  now(client: Client): Promise<number>
  /** The entries among these, whose ids come in any order. */
  read(client: Client, ids: readonly Uint8Array[]): Promise<readonly FoundRow[]>
  write(client: Client, steps: readonly Step<StoredItem>[]): Promise<void>
  /** All there is of these. */
  look(client: Client, steps: readonly Step<unknown>[]): Promise<readonly SeenRow[]>
  /** @returns how many rows were still as they had been seen */
  makeStale(client: Client, steps: readonly StaleStep[], keys: readonly string[]): Promise<number>
  /** Deletes rows, whatever they are. @returns how many were entries */
  delete(client: Client, ids: readonly Uint8Array[], told: Told): Promise<number>
  /** All of the claims are forced, or none. */
  claim(client: Client, steps: readonly Step<Claim>[], isForced: boolean): Promise<ClaimedRows>
  /** @returns the names of those whose token stood */
  renew(client: Client, steps: readonly Step<Claim>[]): Promise<readonly string[]>
  /** @returns the names of those whose token stood */
  fulfil(client: Client, steps: readonly Step<LeasedItem>[]): Promise<readonly string[]>
  release(client: Client, steps: readonly Step<Held>[]): Promise<void>
  /** @returns all of them, as they stand now */
  ensure(client: Client, steps: readonly Step<StoredItem>[]): Promise<readonly FoundRow[]>
  /** All of the changes leave the header of a marker that is there as it is, or none. */
  change(client: Client, steps: readonly Step<StoredItem>[], isSoft: boolean): Promise<void>
  list(client: Client, range: IdRange): Promise<readonly ListedRow[]>
  /** Deletes some of the dead. @returns how many */
  sweep(client: Client, limit: number): Promise<number>
}

/** What listeners are told: these keys, or all that begin so. */
export type Told = { readonly keys: readonly string[] } | { readonly prefix: string }

/** What became of claims. */
interface ClaimedRows {
  readonly now: number
  /** Those that won, and those that lost against a holder where an entry stands. */
  readonly rows: readonly (FoundRow & { readonly won: boolean })[]
}
