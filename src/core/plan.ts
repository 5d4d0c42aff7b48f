import type { Semaphore } from '../flight/semaphore.ts'
import type { KeySpace } from '../kernel/keys.ts'
import type { NodeCounters } from '../observe/counters.ts'
import type { Commons } from './commons.ts'
import type { Load, LoadMany } from './definition.ts'
import type { NodeFlight } from './errand.ts'
import type { ErrorMemory } from './error-memory.ts'
import type { Lifetime } from './lifetime.ts'
import type { Labels } from './reach/labels.ts'
import type { Reach } from './reach/reach.ts'
import type { Departures } from '../flight/departures.ts'
import type { Epochs } from './sync/epochs.ts'
import type { LocalTier } from './tiers/local-tier.ts'
import type { RemoteTier } from './tiers/remote-tier.ts'

/** What a plan says whatever its types. */
export interface AnyPlan {
  readonly name: string
  readonly commons: Commons
  readonly keys: KeySpace
  /** Every key of the node starts with it; of a node in a scope, others may too. */
  readonly listHead: string
  readonly limits: Limits
  readonly lease: Lease
  readonly enabled: boolean
  readonly counters: NodeCounters
  readonly errors: ErrorMemory
  /** The tags and scopes of the authority, or of memory where there is none. */
  readonly labels: Labels
  /** Makes everything of the node that is in a scope unusable or stale. Absent where it has none. */
  readonly wholeReach: ((kind: 'invalidate' | 'expire') => Promise<unknown>) | undefined
}

/** Where a node's values are kept. */
export interface Places<Value> extends AnyPlan {
  readonly localTiers: readonly LocalTier<Value>[]
  readonly remoteTiers: readonly RemoteTier<Value>[]
  /** The last remote tier; absent where memory is all there is. */
  readonly authority: RemoteTier<Value> | undefined
  /** Which of its copies may be served as they are. */
  readonly epochs: Epochs
}

/** Everything a request of one node needs, resolved when the node was defined. */
export interface Plan<Params, Value> extends Places<Value> {
  /** The full key. @throws CacheError `UNKEYABLE`, or what the node's `key` throws */
  readonly keyOf: (params: Params) => string
  readonly lifetime: Lifetime<Params, Value>
  /** Absent where there are neither tags nor a scope. */
  readonly reach: Reach<Params, Value> | undefined
  /** Where a hit costs least: the first tier, if it is memory and the node is enabled. */
  readonly nearest: LocalTier<Value> | undefined
  readonly load: Load<Params, Value> | undefined
  readonly loadMany: LoadMany<Params, Value> | undefined
  readonly maxBatch: number
  /** Where its flights leave; those of one turn together. */
  readonly departures: Departures<NodeFlight<Params, Value>>
}

/** Limits of loads, in milliseconds and numbers. */
export interface Limits {
  readonly soft: number
  readonly hard: number
  readonly detached: number
  readonly concurrency: Semaphore | undefined
}

/** Terms of leases, in milliseconds. */
export interface Lease {
  readonly ttl: number
  readonly wait: number
  readonly retryEvery: number
}
