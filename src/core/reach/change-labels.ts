import type { Commons } from '../commons.ts'
import type { Storages } from '../storages.ts'
import type { Channel } from '../tiers/channel.ts'
import { owing } from '../tiers/owed.ts'
import { wholeTier } from '../tiers/whole-tier.ts'
import type { KnownVersion, Labels } from './labels.ts'

/** Some tags and scopes, by the keys of their markers. */
export interface LabelSelection {
  readonly keys: readonly string[]
  /** The generation's key, where tags are among them. */
  readonly generation: string | undefined
}

/**
 * Makes everything unusable that carries one of some tags or scopes, or makes it stale, however much that is: in this
 * process at once, and in every storage that keeps markers, whether or not a node uses it.
 *
 * As with every change, it cuts twice: once when it is called, and once when the remote operations have settled.
 *
 * @returns the names of the storages that were told
 * @throws CacheError `STORAGE_UNAVAILABLE` if a storage could not be reached, after all have been tried
 */
export async function changeLabels(
  commons: Commons,
  storages: Storages,
  selection: LabelSelection,
  kind: 'invalidate' | 'expire',
): Promise<readonly string[]> {
  const keys = new Set(selection.keys)
  const channels = [...storages.channels.values()].filter((channel) => channel.markers)
  cut(commons, storages, keys, { kind, called: true })
  // Which tags these will have nobody knows yet. They may write, if it turns out that they have none of these.
  if (selection.generation !== undefined) {
    for (const flight of commons.flights.values()) if (flight.errand.expectsLate) flight.close()
  }

  const changing = channels.map((channel) => changeIn(commons, channel, selection, kind))
  for (const [index, channel] of channels.entries()) announce(channel.labels, keys, changing[index])
  const outcomes = await Promise.allSettled(changing)
  cut(commons, storages, keys, { kind, called: false })
  for (const [index, { labels }] of channels.entries()) {
    const outcome = outcomes[index]
    if (outcome?.status !== 'fulfilled') continue
    for (const [key, version] of outcome.value) labels.own(key, version, kind)
  }
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return channels.map(({ name }) => name)
}

async function changeIn(
  commons: Commons,
  channel: Channel,
  { keys, generation }: LabelSelection,
  kind: 'invalidate' | 'expire',
): Promise<Map<string, KnownVersion>> {
  const { markers } = wholeTier(commons, channel)
  // A load that finds the generation as it was knows that no tag has changed: it has to change first.
  const debt = { keys: generation === undefined ? keys : [generation, ...keys] }
  const versions = await owing(channel.owed, debt, async () => {
    if (generation !== undefined) await markers.change([generation], 'invalidate')
    return markers.change(keys, kind)
  })
  return new Map(keys.map((key, index) => [key, versions[index] as KnownVersion]))
}

// A set that is called from now on waits for the change, or it would carry a version that is on its way out.
function announce(labels: Labels, keys: Iterable<string>, changing: Promise<unknown> | undefined): void {
  for (const key of keys) {
    const label = labels.of(key)
    const settled: Promise<unknown> = Promise.allSettled([label.changing, changing]).then(() => {
      if (label.changing === settled) label.changing = undefined
    })
    label.changing = settled
  }
}

function cut(
  commons: Commons,
  storages: Storages,
  keys: ReadonlySet<string>,
  { kind, called }: { readonly kind: 'invalidate' | 'expire'; readonly called: boolean },
): void {
  const phase = { now: commons.clock.now(), called }
  // Nothing is under way for what is kept in memory alone: what was set there since the call is to stay.
  if (called) commons.labels.change(keys, kind, phase)
  for (const { labels } of storages.channels.values()) labels.change(keys, kind, phase)
  for (const flights of [commons.flights, commons.lookups]) {
    flights.breakWhere(({ errand }) => errand.labels.some(({ key }) => keys.has(key)))
  }
  for (const errors of commons.errors) errors.clear()
}
