import type { NodeFlight } from '../errand.ts'
import type { AnyPlan, Plan } from '../plan.ts'
import type { Route } from '../route.ts'
import type { Stamp } from '../../kernel/stamp.ts'
import { ensure } from './ensure.ts'
import type { KnownLabel } from './labels.ts'

/**
 * Notes for each flight, before it loads, how its tags and scopes stand: what it brings will be written under these
 * versions, so that whatever is invalidated from now on reaches it. Markers that are missing are made. One call for all;
 * none while the markers read on the way are there and live long enough.
 */
export async function noteBefore<Params, Value>(
  plan: Plan<Params, Value>,
  flights: readonly NodeFlight<Params, Value>[],
  route: Route<Value>,
): Promise<void> {
  const { reach, authority } = plan
  if (reach === undefined) return
  const at = plan.labels.count
  const writing = flights.filter(({ errand }) => !errand.surplus)
  if (authority !== undefined && !route.down.has(authority)) {
    const life = Math.max(0, ...writing.map(({ errand }) => errand.lifetime.longest))
    const labels = new Set(writing.flatMap(({ errand }) => errand.labels))
    if (reach.expectsLate && writing.length > 0) labels.add(reach.generation)
    const missing = [...labels].filter((label) => !route.marked.has(label) || isToBeEnsured(plan, label, life))
    await ensure(plan, authority, missing, life).catch(() => route.down.add(authority))
  }
  for (const { errand } of flights) {
    errand.before = {
      stamp: stampOf(errand.labels, errand.ties.known.length, at),
      tick: plan.labels.tick(),
      generation: reach.generation.known?.hard,
    }
  }
}

/**
 * How labels stand now. Without an authority there are no versions.
 * @param at the count of changes before their versions were read: what is told meanwhile may be younger
 */
export function stampOf(labels: readonly KnownLabel[], known: number, at: number): Stamp {
  return { labels, versions: labels.flatMap((label) => label.known ?? []), known, at }
}

function isToBeEnsured({ commons }: AnyPlan, { known, ensuredUntil }: KnownLabel, life: number): boolean {
  return known === undefined || ensuredUntil < commons.clock.now() + life
}
