import type { Channel } from '../tiers/channel.ts'
import { wholeTier } from '../tiers/whole-tier.ts'
import { changeSelected } from './change-selected.ts'
import { currentVersions, findLocally, namedKeys, pagesOf, type Wanted, wantedBy } from './find.ts'
import { matchScope } from './match.ts'
import type { Realm, Selection } from './selector.ts'

/**
 * Makes everything that is selected unusable, and deletes it from every storage that can list its keys.
 * @returns how many entries were deleted, those in several storages once
 * @throws CacheError as `changeSelected` does
 */
export async function purge(realm: Realm, selection: Selection): Promise<number> {
  const { storages } = realm
  const { tags, scope, ...named } = selection
  const wanted = wantedBy(realm, { ...selection, scope: [] })
  // In a scope is what its key says, whatever its versions: what was made unusable before is still there to be deleted.
  if (scope.length > 0) wanted.push(matchScope(selection, realm))
  const gone = new Set(await namedKeys(selection))
  const inMemory = wanted.flatMap((one) => findLocally(realm, one))
  // Once they have changed, nobody could tell what carried them.
  const versions = await Promise.all(wanted.map((one) => currentVersions(realm, one)))
  // First what makes everything unusable at once, then what takes its time.
  await changeSelected(realm, { ...nothing, tags, scope }, 'invalidate')
  for (const key of inMemory) {
    gone.add(key)
    for (const storage of storages.locals) storage.delete(key)
  }
  const sweeps = [...storages.channels.values()].flatMap((channel) =>
    wanted.map((one, index) => sweep(realm, channel, one, { versions: versions[index] ?? new Set(), gone })),
  )
  await Promise.all(sweeps)
  await changeSelected(realm, { ...nothing, ...named }, 'invalidate')
  return gone.size
}

const nothing: Selection = Object.freeze({
  everything: false,
  tags: [],
  scope: [],
  keys: [],
  node: undefined,
  pattern: undefined,
})

async function sweep(
  { commons }: Realm,
  channel: Channel,
  wanted: Wanted,
  { versions, gone }: { readonly versions: ReadonlySet<string>; readonly gone: Set<string> },
): Promise<void> {
  if (channel.storage.capabilities.scan === undefined) return
  const tier = wholeTier(commons, channel)
  for await (const page of pagesOf(tier, wanted, versions)) {
    if (page.length === 0) continue
    await tier.drop(page)
    for (const key of page) gone.add(key)
  }
}
