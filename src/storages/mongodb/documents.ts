import type { MongodbDocument } from '../../clients/mongodb-client.ts'
import type { Claim, MarkerChange, Stored, StoredItem } from '../../contracts/storage.ts'
import { documentId, type DocumentId } from './document-id.ts'

/*
 * A document is an entry, a lease, or both:
 *
 *   _id         the key, or the head of a long one and a digest       see document-id.ts
 *   key         the whole of a long key
 *   tiercel     1, the version of this layout: what lacks it isn't ours, and no clear touches it
 *   header      of an entry, and
 *   payload     its bytes
 *   expiresAt   when the entry ends; a date far off is never
 *   lease       the token of who loads the key, and
 *   leaseUntil  when that lease runs out
 *   dropAt      the later of both moments: what the TTL index goes by
 *   writtenBy   which call fulfilled it, for that call to find out
 *
 * Moments are the server's: updates are pipelines, in which `$$NOW` is its clock and a lifetime is added to it. An
 * expired document may be there for a minute until the server removes it. Whether something lives is asked in pipelines
 * and projections, never in filters: MongoDB would take it there, DocumentDB doesn't.
 */

/** The version of the layout. */
export const layoutVersion = 1

/** So late that it is never, and early enough for tools to show it. */
const never = new Date('9999-12-31T23:59:59.999Z')
const longestLife = 2e14

export const isAlive: MongodbDocument = { $gt: ['$expiresAt', '$$NOW'] }
const isHeld: MongodbDocument = { $gt: ['$leaseUntil', '$$NOW'] }
const dropsAtTheLater: MongodbDocument = { $set: { dropAt: { $max: ['$expiresAt', '$leaseUntil'] } } }

/** What a read brings: nothing of an entry that has expired. */
export const livingEntry: MongodbDocument = {
  header: { $cond: [isAlive, '$header', '$$REMOVE'] },
  payload: { $cond: [isAlive, '$payload', '$$REMOVE'] },
}

/** What a claim wants to know. */
export const claimed: MongodbDocument = { ...livingEntry, lease: 1, now: '$$NOW' }

/** What a renewal wants to know. */
export const renewed: MongodbDocument = { lease: 1, isHeld }

/** What listing wants to know. */
export const listing: MongodbDocument = { key: 1, isAlive, isHeld }

/** What making stale wants to know. */
export const expirable: MongodbDocument = { header: 1, expiresAt: 1, isAlive, now: '$$NOW' }

/** The bytes of a document, if it has some that can be ours. */
export function storedOf(document: MongodbDocument | null | undefined): Stored | undefined {
  const { header, payload } = document ?? {}
  if (!(header instanceof Uint8Array) || !(payload instanceof Uint8Array)) return undefined
  return { header, payload }
}

/** Puts an entry in place of whatever is there. */
export function entry(item: StoredItem): MongodbDocument[] {
  return [{ $replaceWith: entryDocument(item) }]
}

/** Puts an entry in place if the lease that was asked for in the filter has not run out. */
export function fulfilment(item: StoredItem, call: string): MongodbDocument[] {
  const fulfilled = { ...entryDocument(item), writtenBy: { $literal: call } }
  return [{ $replaceWith: { $cond: [isHeld, fulfilled, '$$ROOT'] } }]
}

/** Takes the lease, unless somebody else has it. */
export function claim({ key, token, life, force }: Claim): MongodbDocument[] {
  const { _id, ...itsKey } = ownFields(documentId(key))
  const isTaken = force === true ? false : isHeld
  return [
    {
      $set: {
        ...itsKey,
        lease: { $cond: [isTaken, '$lease', { $literal: token }] },
        leaseUntil: { $cond: [isTaken, '$leaseUntil', momentIn(life)] },
      },
    },
    dropsAtTheLater,
  ]
}

/** Prolongs a lease, unless it has run out. */
export function renewal({ life }: Claim): MongodbDocument[] {
  return [{ $set: { leaseUntil: { $cond: [isHeld, momentIn(life), '$leaseUntil'] } } }, dropsAtTheLater]
}

/** Gives an entry's lease back. */
export function giveBack(): MongodbDocument[] {
  return [{ $unset: ['lease', 'leaseUntil'] }, dropsAtTheLater]
}

/** Changes the header and shortens the life of an entry, and drops its lease. */
export function staleness(header: Uint8Array, expiredAt: number): MongodbDocument[] {
  const ends = new Date(Math.min(expiredAt, never.getTime()))
  return [{ $set: { header, expiresAt: { $min: ['$expiresAt', ends] } } }, ...giveBack()]
}

/** Makes a marker where there is none that lives, and prolongs one that would end earlier. */
export function marker({ key, header, payload, ttl }: StoredItem): MongodbDocument[] {
  return markerDocument(key, ttl, {
    header: { $cond: [isAlive, '$header', header] },
    payload: { $cond: [isAlive, '$payload', payload] },
  })
}

/** Puts versions in place of those there are, and prolongs the marker if it would end earlier. */
export function markerChange({ key, header, payload, ttl, softOnly }: MarkerChange): MongodbDocument[] {
  return markerDocument(key, ttl, {
    header: softOnly === true ? { $cond: [isAlive, '$header', header] } : header,
    payload,
  })
}

function markerDocument(key: string, ttl: number | undefined, versions: MongodbDocument): MongodbDocument[] {
  const expiresAt = { $max: ['$expiresAt', momentIn(ttl)] }
  return [{ $replaceWith: { ...ownFields(documentId(key)), ...versions, expiresAt } }, dropsAtTheLater]
}

function entryDocument({ key, header, payload, ttl }: StoredItem): MongodbDocument {
  const ends = momentIn(ttl)
  return { ...ownFields(documentId(key)), header, payload, expiresAt: ends, dropAt: ends }
}

// What begins with a dollar would be taken for a field, and `_id` may not change.
function ownFields({ key }: DocumentId): MongodbDocument {
  return { _id: '$_id', ...(key !== undefined && { key: { $literal: key } }), tiercel: { $literal: layoutVersion } }
}

/** The server's clock in so many milliseconds. Parts of one are dropped: nothing lives longer than asked. */
function momentIn(milliseconds: number = Infinity): Date | MongodbDocument {
  if (milliseconds > longestLife) return never
  return { $add: ['$$NOW', Math.floor(milliseconds)] }
}
