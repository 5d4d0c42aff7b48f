import type { MongodbDocument, MongodbWrite } from '../../clients/mongodb-client.ts'
import type { Stored, StoredItem } from '../../contracts/storage.ts'
import { staleStored } from '../stale-stored.ts'
import { batches } from './batches.ts'
import { at, bytesOf, mostAttempts, type DocumentCollection } from './document-collection.ts'
import { documentId, idsUnder } from './document-id.ts'
import { entry, expirable, isAlive, listing, livingEntry, staleness, storedOf } from './documents.ts'

const keysPerPage = 500
const idsPerClear = 5_000

export async function getEntries(
  documents: DocumentCollection,
  keys: readonly string[],
): Promise<(Stored | undefined)[]> {
  const found = await documents.read(keys, livingEntry)
  return keys.map((key) => storedOf(found.get(key)))
}

export async function setEntries(documents: DocumentCollection, items: readonly StoredItem[]): Promise<void> {
  for (const batch of batches(items, bytesOf)) {
    await documents.write(
      batch.map((item) => ({ updateOne: { filter: at(item.key), update: entry(item), upsert: true } })),
    )
  }
}

/** Each header is read, and replaced if it is still the same: the server can't change bytes within a field. */
export async function expireEntries(documents: DocumentCollection, keys: readonly string[]): Promise<void> {
  for (const batch of batches([...new Set(keys)])) await expireBatch(documents, batch)
}

/** @returns how many entries there were */
export async function deleteEntries(documents: DocumentCollection, keys: readonly string[]): Promise<number> {
  const [only] = keys
  if (only !== undefined && keys.length === 1) {
    const options = { projection: { isAlive }, includeResultMetadata: false } as const
    const deleted = await documents.run((collection) => collection.findOneAndDelete(at(only), options))
    return deleted?.['isAlive'] === true ? 1 : 0
  }
  // Of two who delete an entry at the same moment, both may count it.
  const found = await documents.read(keys, { isAlive })
  for (const ids of batches([...new Set(keys)].map((key) => documentId(key)._id))) {
    await documents.run((collection) => collection.deleteMany({ _id: { $in: [...ids] } }))
  }
  return [...found.values()].filter((document) => document['isAlive'] === true).length
}

export async function clearEntries(documents: DocumentCollection, prefix: string): Promise<void> {
  // In stretches that a server is done with in time.
  for (let from: string | undefined, isFirst = true; isFirst || from !== undefined; isFirst = false) {
    const start = from === undefined ? {} : { $gte: from }
    const options = { projection: { _id: 1 }, sort: { _id: 1 }, skip: idsPerClear, limit: 1 } as const
    const [next] = await documents.run((collection) => collection.find(idsUnder(prefix, start), options).toArray())
    const end = next?.['_id'] as string | undefined
    const doomed = idsUnder(prefix, { ...start, ...(end !== undefined && { $lt: end }) })
    await documents.run((collection) => collection.deleteMany({ ...doomed, tiercel: { $exists: true } }))
    from = end
  }
}

/** What a listing is of. */
export type Listed = 'entries' | 'leases'

/** Some of the keys under a prefix, and behind which document to go on; `undefined` at the end. */
export async function listKeys(
  documents: DocumentCollection,
  what: Listed,
  prefix: string,
  after: string | undefined,
): Promise<{ readonly keys: readonly string[]; readonly next: string | undefined }> {
  const filter = idsUnder(prefix, after === undefined ? {} : { $gt: after })
  const options = { projection: listing, sort: { _id: 1 }, limit: keysPerPage, batchSize: keysPerPage } as const
  const page = await documents.run((collection) => collection.find(filter, options).toArray())
  const living = page.filter((document) => document[what === 'entries' ? 'isAlive' : 'isHeld'] === true)
  return {
    keys: living.map(({ _id, key = _id }) => key as string),
    next: page.length < keysPerPage ? undefined : (page.at(-1)?.['_id'] as string),
  }
}

async function expireBatch(documents: DocumentCollection, keys: readonly string[]): Promise<void> {
  let left = keys
  for (let attempt = 1; left.length > 0 && attempt <= mostAttempts; attempt++) {
    const found = await documents.read(left, expirable)
    // What has changed each time it was read is deleted in the end: more than was asked, and safe.
    const isLast = attempt === mostAttempts
    const writes = [...found].map(([key, document]) => (isLast ? { deleteOne: { filter: at(key) } } : expiry(document)))
    if ((await documents.write(writes)) === writes.length) return
    left = [...found.keys()]
  }
}

/** Makes a document stale as it was read; one that has changed since is not found. */
function expiry({ _id, header, expiresAt = null, isAlive: isLiving, now }: MongodbDocument): MongodbWrite {
  const asItWas = { _id, expiresAt }
  if (isLiving !== true || !(header instanceof Uint8Array)) return { deleteOne: { filter: asItWas } }
  const stale = staleStored({ header }, (now as Date).getTime())
  if (stale === undefined) return { deleteOne: { filter: { ...asItWas, header } } }
  return { updateOne: { filter: { ...asItWas, header }, update: staleness(stale.header, stale.expiredAt) } }
}
