import type { MarkerChange, Stored, StoredItem } from '../../contracts/storage.ts'
import { CacheError } from '../../kernel/errors.ts'
import { batches } from './batches.ts'
import { at, bytesOf, mostAttempts, type DocumentCollection } from './document-collection.ts'
import { marker, markerChange, storedOf } from './documents.ts'

/** @returns what stands under each key now */
export async function ensureMarkers(documents: DocumentCollection, markers: readonly StoredItem[]): Promise<Stored[]> {
  const stands = new Map<string, Stored>()
  let missing = markers
  for (let attempt = 1; missing.length > 0 && attempt <= mostAttempts; attempt++) {
    const found = await documents.change(missing, {
      filter: ({ key }) => at(key),
      update: marker,
      upsert: true,
      projection: { header: 1, payload: 1 },
    })
    for (const [key, document] of found) {
      const stored = storedOf(document)
      if (stored !== undefined) stands.set(key, stored)
    }
    // What was deleted before it was read back.
    missing = missing.filter(({ key }) => !stands.has(key))
  }
  return markers.map(({ key }) => {
    const stored = stands.get(key)
    if (stored !== undefined) return stored
    throw new CacheError('STORAGE_UNAVAILABLE', 'mongodb: a marker was deleted each time it was made: try again')
  })
}

export async function changeMarkers(documents: DocumentCollection, changes: readonly MarkerChange[]): Promise<void> {
  for (const batch of batches(changes, bytesOf)) {
    await documents.write(
      batch.map((change) => ({ updateOne: { filter: at(change.key), update: markerChange(change), upsert: true } })),
    )
  }
}
