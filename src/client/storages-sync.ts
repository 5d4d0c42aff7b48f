import type { SyncCounts, SyncState } from '../core/sync/sync.ts'
import type { Storages } from '../core/storages.ts'

/** How a cache stands to what others change in a storage, and what came of it so far. */
export type StorageSync = SyncState &
  SyncCounts & {
    /** Explicit changes that it has not confirmed: before it is asked for anything, it is told again, to delete. */
    readonly owedCount: number
  }

const nothing: SyncCounts = { changeCount: 0, brokenFenceCount: 0, verifiedCopyCount: 0 }

/** What is followed, and what isn't, by the names of the storages outside this process. */
export function storagesSync(storages: Storages): Readonly<Record<string, StorageSync>> {
  return Object.fromEntries(
    [...storages.channels].map(([name, { sync, storage, owed }]) => {
      const unfollowed = storage.capabilities.feed === undefined ? 'without feed' : 'not followed'
      return [name, { ...(sync?.state ?? { state: unfollowed }), ...(sync?.counts ?? nothing), owedCount: owed.size }]
    }),
  )
}
