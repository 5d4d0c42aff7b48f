import type { MongodbDocument } from '../../clients/mongodb-client.ts'
import type { Claim, Stored, StoredItem } from '../../contracts/storage.ts'
import { systemChance } from '../../kernel/chance.ts'
import { batches } from './batches.ts'
import { at, type DocumentCollection } from './document-collection.ts'
import { claim, claimed, fulfilment, giveBack, renewal, renewed, storedOf } from './documents.ts'

/** What a claim was answered; without the moment where the document had gone before it was read. */
export interface Claimed {
  readonly won: boolean
  readonly stored: Stored | undefined
  readonly now: number | undefined
}

export async function claimLeases(documents: DocumentCollection, claims: readonly Claim[]): Promise<Claimed[]> {
  const found = await documents.change(claims, {
    filter: ({ key }) => at(key),
    update: claim,
    upsert: true,
    projection: claimed,
  })
  return claims.map(({ key, token }) => {
    const document = found.get(key)
    const now = document?.['now']
    return {
      won: document?.['lease'] === token,
      stored: storedOf(document),
      now: now instanceof Date ? now.getTime() : undefined,
    }
  })
}

/** @returns for each whether the token still stood */
export async function renewLeases(documents: DocumentCollection, renewals: readonly Claim[]): Promise<boolean[]> {
  const found = await documents.change(renewals, { filter: leasedTo, update: renewal, projection: renewed })
  return renewals.map(({ key, token }) => {
    const document = found.get(key)
    return document?.['lease'] === token && document['isHeld'] === true
  })
}

/** Updates, and never inserts: where a lease has gone, its document may have gone with it. */
export async function fulfilLeases(
  documents: DocumentCollection,
  items: readonly (StoredItem & { readonly token: string })[],
): Promise<boolean[]> {
  const call = systemChance.token()
  const named = items.map((item, index) => ({ ...item, name: `${call} ${index}` }))
  const found = await documents.change(named, {
    filter: leasedTo,
    update: (item) => fulfilment(item, item.name),
    projection: { writtenBy: 1 },
  })
  return named.map(({ key, name }) => found.get(key)?.['writtenBy'] === name)
}

export async function releaseLeases(
  documents: DocumentCollection,
  leases: readonly { readonly key: string; readonly token: string }[],
): Promise<void> {
  for (const batch of batches(leases)) {
    const filters = batch.map(leasedTo)
    // The deletes come first: a document with neither entry nor lease would stay for ever.
    await documents.write([
      ...filters.map((filter) => ({ deleteOne: { filter: { ...filter, expiresAt: null } } })),
      ...filters.map((filter) => ({ updateOne: { filter, update: giveBack() } })),
    ])
  }
}

function leasedTo({ key, token }: { readonly key: string; readonly token: string }): MongodbDocument {
  return { ...at(key), lease: token }
}
