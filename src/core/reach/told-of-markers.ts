import type { Commons, Tied } from '../commons.ts'
import type { Channel } from '../tiers/channel.ts'
import { wholeTier } from '../tiers/whole-tier.ts'
import { isGeneration } from '../../kernel/marker-keys.ts'
import type { KnownLabel } from './labels.ts'

/**
 * A feed tells that markers have changed, or that any may have. Copies in memory are verified below. Whether a flight under
 * way is overtaken its markers tell: what was told may be no more than that this process has made one for it.
 */
export function toldOfMarkers(commons: Commons, channel: Channel, keys: readonly string[] | 'all'): void {
  const { labels } = channel
  if (keys === 'all') return labels.doubtAll()
  labels.told(keys)
  for (const errors of commons.errors) errors.clear()
  const changed = new Set(keys)
  const carried = new Map<string, KnownLabel>()
  for (const { errand } of commons.flights.values()) {
    for (const label of errand.labels) if (changed.has(label.key)) carried.set(label.key, label)
    // Any tag may be one of those it will have.
    if (!errand.expectsLate) continue
    for (const key of keys) if (isGeneration(key)) carried.set(key, labels.of(key))
  }
  if (carried.size > 0) commons.background.own(tellOff(commons, channel, [...carried.values()]))
}

async function tellOff(commons: Commons, channel: Channel, changed: readonly KnownLabel[]): Promise<void> {
  const { markers } = wholeTier(commons, channel)
  // If they can't be read, what is loaded carries its versions all the same.
  const versions = await markers.read(changed).catch(() => undefined)
  if (versions === undefined) return
  for (const [index, label] of changed.entries()) channel.labels.learn(label, versions[index])
  const now = new Map(changed.map((label) => [label.key, label.known?.hard]))
  commons.flights.breakWhere((flight) => isOvertaken(flight, now))
  for (const flight of commons.flights.values()) if (mayBeOvertaken(flight, now)) flight.close()
}

function isOvertaken({ errand: { before } }: Tied, now: ReadonlyMap<string, string | undefined>): boolean {
  if (before === undefined) return false
  const { labels, versions } = before.stamp
  return labels.some(({ key }, index) => now.has(key) && versions[index]?.hard !== now.get(key))
}

function mayBeOvertaken({ errand }: Tied, now: ReadonlyMap<string, string | undefined>): boolean {
  const { expectsLate, before } = errand
  if (!expectsLate || before === undefined) return false
  return [...now].some(([key, hard]) => isGeneration(key) && hard !== before.generation)
}
