import { type Entry, madeStale } from '../../kernel/entry.ts'
import { softenedAt, standing } from '../../kernel/stamp.ts'
import type { AnyPlan, Places } from '../plan.ts'
import type { Copy, LocalTier } from '../tiers/local-tier.ts'

/** Whether an entry may be used as it is: no tag and no scope of it was invalidated or made stale since. */
export function stands<Value>(plan: Places<Value>, { stamp }: Entry<Value>): boolean {
  return stamp === undefined || standing(stamp, plan.labels.count) === 'valid'
}

/** Whether an entry may still be used for anything: no tag and no scope of it was invalidated since. */
export function isValid<Value>(plan: Places<Value>, { stamp }: Entry<Value>): boolean {
  return stamp === undefined || standing(stamp, plan.labels.count) !== 'invalid'
}

/** An entry as it stands: made stale if one of its tags or scopes was, `undefined` if one was invalidated. */
export function asItStands<Value>(plan: Places<Value>, entry: Copy<Value>): Copy<Value> | undefined {
  const { stamp } = entry
  const { count } = plan.labels
  const how = stamp === undefined ? 'valid' : standing(stamp, count)
  if (stamp === undefined || how === 'valid') return entry
  if (how === 'invalid') return undefined
  return { ...madeStale(entry, Math.max(entry.createdAt, softenedAt(stamp))), stamp: { ...stamp, at: count } }
}

/** As {@link asItStands}, of an entry that was found in memory, which from then on keeps it so. */
export function findStanding<Value>(
  plan: Places<Value>,
  tier: LocalTier<Value>,
  key: string,
  now: number,
): Copy<Value> | undefined {
  const found = tier.find(key, now)
  if (found === undefined) return undefined
  const entry = asItStands(plan, found)
  if (entry === found) return entry
  if (entry !== undefined) {
    tier.put(key, entry, now)
    return entry
  }
  tier.drop(key)
  countInvalid(plan, key, tier.name)
  return undefined
}

/** Counts an entry that an invalidation of its tags or scopes has reached, and tells those who listen. */
export function countInvalid({ counters, commons, name }: AnyPlan, key: string, tier: string): void {
  counters.invalidEntries++
  if (commons.events.wanted.invalid) commons.events.emit('invalid', { node: name, key, tier })
}
