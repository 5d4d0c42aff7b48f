import type { Commons } from '../commons.ts'
import type { Labels } from './labels.ts'

/**
 * A feed tells that markers have changed, or that any may have. Copies in memory are verified below; callers from now on
 * don't join a flight that began before. That one may write all the same: it carries the versions that tell whether it
 * still stands, and what is told may be no more than that this process has made a marker for it.
 */
export function toldOfMarkers(commons: Commons, labels: Labels, keys: readonly string[] | 'all'): void {
  if (keys === 'all') return labels.doubtAll()
  labels.told(keys)
  const changed = new Set(keys)
  for (const flights of [commons.flights, commons.lookups]) {
    flights.detachWhere(({ errand }) => errand.labels.some(({ key }) => changed.has(key)))
  }
  for (const errors of commons.errors) errors.clear()
}
