import type { KnownLabel } from './reach/labels.ts'
import type { RemoteTier } from './tiers/remote-tier.ts'

/** What flights that travel together have learned on the way. */
export interface Route<Value> {
  /** Tiers that failed or did not answer in time. They are not asked again on this way. */
  readonly down: Set<RemoteTier<Value>>
  /** Tags and scopes whose markers were read on this way. */
  readonly marked: Set<KnownLabel>
  /** The count of changes when they set out: what is told later may be younger than what they have read. */
  readonly at: number
}
