import { entryName } from '../../kernel/keys.ts'
import { isInvalid } from '../../kernel/stamp.ts'
import type { RemoteTier } from '../tiers/remote-tier.ts'
import { wholeTier } from '../tiers/whole-tier.ts'
import { matchAll, type Match, matchNode, matchPattern, matchScope } from './match.ts'
import { markersOf, type Realm, type Selection } from './selector.ts'

/** A part of a selection, as entries are told to be meant by it. */
export interface Wanted extends Match {
  /** The markers of which an entry must carry one, as it stands. Absent: whatever its key says is enough. */
  readonly markers?: readonly string[]
}

/**
 * The full keys of all entries that are selected, wherever they are, each once. An entry of which nothing but its key was
 * asked may be one that an invalidation has made unusable, and that still lies there.
 * @throws CacheError `UNSUPPORTED` while iterating, where a storage can't list; `STORAGE_UNAVAILABLE`
 */
async function* find(realm: Realm, selection: Selection): AsyncGenerator<string> {
  const seen = new Set<string>()
  for (const wanted of wantedBy(realm, selection)) {
    const versions = await currentVersions(realm, wanted)
    for (const key of findLocally(realm, wanted)) if (isNew(key, seen)) yield key
    for (const channel of realm.storages.channels.values()) {
      const tier = wholeTier(realm.commons, channel)
      for await (const page of pagesOf(tier, wanted, versions)) {
        for (const key of page) if (isNew(key, seen)) yield key
      }
    }
  }
  for (const key of await namedKeys(selection)) if (isNew(key, seen)) yield key
}

/** The names of all entries that are selected. See {@link find}. */
export async function* findNames(realm: Realm, selection: Selection): AsyncGenerator<string> {
  for await (const key of find(realm, selection)) {
    const name = entryName(realm.defaults.prefix, key)
    if (name !== undefined) yield name.text
  }
}

/** The parts of a selection that have to be looked for. */
export function wantedBy(realm: Realm, selection: Selection): Wanted[] {
  const { everything, node, pattern, tags, scope } = selection
  const wanted: Wanted[] = []
  if (everything) wanted.push(matchAll(realm))
  if (node !== undefined) wanted.push(matchNode(node, realm))
  if (pattern !== undefined) wanted.push(matchPattern(pattern, realm))
  if (scope.length > 0) {
    wanted.push({ ...matchScope(selection, realm), markers: markersOf({ tags: [], scope }, realm) })
  }
  if (tags.length > 0) wanted.push({ ...matchAll(realm), markers: markersOf({ tags, scope: [] }, realm) })
  return wanted
}

/** The hard versions that wanted markers have now, in every storage. A version is nobody else's. */
export async function currentVersions({ commons, storages }: Realm, { markers }: Wanted): Promise<ReadonlySet<string>> {
  const channels = [...storages.channels.values()].filter((channel) => channel.markers)
  if (markers === undefined) return new Set()
  const found = await Promise.all(
    channels.map((channel) => wholeTier(commons, channel).markers.read(markers.map((key) => ({ key })))),
  )
  return new Set(found.flat().flatMap((version) => version?.hard ?? []))
}

/** The keys of a storage that are wanted, page by page. */
export async function* pagesOf(
  tier: RemoteTier,
  { heads, isMeant, markers }: Wanted,
  versions: ReadonlySet<string>,
): AsyncGenerator<readonly string[]> {
  for (const head of heads) {
    for await (const page of tier.keys(head)) {
      const meant = page.filter((key) => isMeant(key))
      if (markers === undefined || meant.length === 0) yield meant
      else {
        const carried = await tier.readVersions(meant)
        yield meant.filter((_, index) => carried[index]?.some((version) => versions.has(version)) === true)
      }
    }
  }
}

/** The keys in memory that are wanted, and that no invalidation has reached. */
export function findLocally({ storages }: Realm, { isMeant, markers }: Wanted): string[] {
  const wanted = markers && new Set(markers)
  return storages.locals.flatMap((storage) =>
    [...storage.keys()].filter((key) => {
      if (!isMeant(key)) return false
      if (wanted === undefined) return true
      const stamp = storage.peek(key)?.stamp
      return stamp !== undefined && !isInvalid(stamp) && stamp.labels.some((label) => wanted.has(label.key))
    }),
  )
}

/** Of the keys that were named, those under which there is something. */
export async function namedKeys({ keys }: Selection): Promise<string[]> {
  const present = await Promise.all(
    keys.map(async ({ plan, key }) => {
      if (plan.localTiers.some((tier) => tier.storage.peek(key) !== undefined)) return true
      const found = await Promise.all(plan.remoteTiers.map((tier) => tier.has([key])))
      return found.flat().includes(true)
    }),
  )
  return keys.flatMap(({ key }, index) => (present[index] === true ? [key] : []))
}

function isNew(key: string, seen: Set<string>): boolean {
  if (seen.has(key)) return false
  seen.add(key)
  return true
}
