import type { Flight } from '../flight/flight.ts'
import type { Entry } from '../kernel/entry.ts'
import type { Load, LoadMany } from './definition.ts'
import type { Stamp } from '../kernel/stamp.ts'
import type { Lifetime } from './lifetime.ts'
import type { KnownLabel } from './reach/labels.ts'
import type { Ties } from './reach/reach.ts'
import type { Epochs } from './sync/epochs.ts'

/**
 * Why a flight was started.
 *
 * - `answer`: a caller found nothing in memory and waits
 * - `revalidate`: a caller was answered with a stale value, and nobody waits
 * - `refresh`: somebody wants it loaded, whatever there is
 * - `lookup`: a caller wants what is there, and no load
 */
export type Purpose = 'answer' | 'revalidate' | 'refresh' | 'lookup'

/** What a flight is for, and what it has found so far. */
export interface Errand<Params, Value> {
  readonly purpose: Purpose
  readonly params: Params
  readonly lifetime: Lifetime<Params, Value>
  readonly load: Load<Params, Value> | undefined
  readonly loadMany: LoadMany<Params, Value> | undefined
  /** Milliseconds; an older entry is as good as none. */
  readonly maxAge: number
  /** The tags and scopes that were known when it started. */
  readonly ties: Ties
  /** All it carries as far as is known by now: an invalidation of one of these overtakes it. */
  labels: readonly KnownLabel[]
  /** There may be more, which only the value tells. */
  expectsLate: boolean
  /** What stood before its load began. */
  before: Before | undefined
  /** The epochs of its node, and the one in which it began: that of the copies it keeps. */
  readonly epochs: Epochs
  readonly epoch: number
  /** The tick of change tokens at which it began: that of the copies it keeps. */
  readonly asOf: number
  /** The tick before which nothing it may be answered with began. */
  readonly oldest: number
  /** What its callers want at least. */
  notBefore: number
  /** There was a copy that may be out of date. */
  suspect: boolean
  /** A feed has told that its key changed: what it has read so far may be out of date. */
  overtaken: boolean
  /** How often its callers have been handed on from a flight that was overtaken. */
  readonly handovers: number
  /** A stale entry to fall back on, and where it was found. */
  fallback: Fallback<Value> | undefined
  /** The request it was started for has been counted. Background flights have none. */
  counted: boolean
  /** The lease under which it loads. */
  token: string | undefined
  /** A renewal found that the lease no longer stands. */
  leaseLost: boolean
  /** It waited for another holder too long, and loads without writing. */
  surplus: boolean
  /** What it was answered with. */
  entry: Entry<Value> | undefined
  /** It has been taken off the table, by itself or by somebody else. */
  finished: boolean
  /** Told when that happens. */
  followers: (() => void)[] | undefined
}

/** How a flight's tags and scopes stood before its load began. */
interface Before {
  readonly stamp: Stamp
  /** What was known by then has an earlier tick. */
  readonly tick: number
  /** The version of the generation marker, where tags may come with the result. */
  readonly generation: string | undefined
}

/** A stale entry, and the tier it was found in. */
export interface Fallback<Value> {
  readonly entry: Entry<Value>
  /** It may be out of date, and counts as stale since then: the authority is to be asked before it is served. */
  readonly suspect?: boolean
  readonly tier: { readonly name: string; readonly counters: { hits: number } }
}

/** A flight of a node. */
export type NodeFlight<Params, Value> = Flight<Value, Errand<Params, Value>>
