import type { AnyPlan } from './plan.ts'

/** Counts a request that was answered from a tier, and tells those who listen. */
export function countHit(
  plan: AnyPlan,
  key: string,
  tier: { readonly name: string; readonly counters: { hits: number } },
  stale: boolean,
): void {
  const { counters, commons, name } = plan
  counters.hits++
  tier.counters.hits++
  if (stale) counters.stale++
  if (commons.events.wanted.hit) commons.events.emit('hit', { node: name, key, tier: tier.name, stale })
}

/** Counts a request that no tier could answer, and tells those who listen. */
export function countMiss(plan: AnyPlan, key: string): void {
  const { counters, commons, name } = plan
  counters.misses++
  if (commons.events.wanted.miss) commons.events.emit('miss', { node: name, key })
}
