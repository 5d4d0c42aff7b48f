import type { Stored } from '../../contracts/storage.ts'
import { joinStored, splitStored } from '../../serializers/envelope.ts'
import { digest } from '../../kernel/hash.ts'
import type { Stamp } from './root.ts'

/*
 * What stands under a key, as one value, since compare-and-set is about one value. Numbers are big-endian; moments
 * are milliseconds since 1970, Infinity for never:
 *
 *    0  4 bytes  length of all of it, so that a part of it isn't taken for the whole
 *    4  8        generation and
 *   12  8        sequence of the root it was written under: what was cleared since isn't there any more
 *   20  8        when the entry ends
 *   28  8        when the lease ends
 *   36  1        length of the lease's token, 0 without a lease
 *   37  4        length of the key, 0 where the key isn't digested
 *   41           token, key; then header and payload as `joinStored` has them, or nothing at all without an entry
 */

const headLength = 41

/** Client flags of every item of this form: what somebody else wrote under our key says something else. */
export const itemFlags = 0x5443_0001

/** An entry, a lease, or both. */
export interface Item {
  readonly stored?: Stored | undefined
  /** When the entry ends. */
  readonly expiresAt: number
  readonly lease?: Lease | undefined
}

export interface Lease {
  readonly token: string
  readonly until: number
}

/** An item with what shows that it is the one that was meant, and still counts. */
export interface WrittenItem extends Item {
  readonly stamp: Stamp
  readonly proof: Uint8Array
}

/** Writes an item, in pieces. */
export function encodeItem({ stored, expiresAt, lease, stamp, proof }: WrittenItem): readonly Uint8Array[] {
  const token = Buffer.from(lease === undefined ? '' : leaseToken(lease.token))
  const body = stored === undefined ? [] : [joinStored(stored)]
  const head = Buffer.allocUnsafe(headLength)
  head.writeUInt32BE(headLength + token.length + proof.length + (body[0]?.length ?? 0))
  head.writeDoubleBE(stamp.generation, 4)
  head.writeDoubleBE(stamp.sequence, 12)
  head.writeDoubleBE(expiresAt, 20)
  head.writeDoubleBE(lease?.until ?? 0, 28)
  head.writeUInt8(token.length, 36)
  head.writeUInt32BE(proof.length, 37)
  return [head, token, proof, ...body]
}

/** Reads an item. @returns `undefined` for anything but a whole one */
export function decodeItem(bytes: Uint8Array): WrittenItem | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.length < headLength || view.readUInt32BE() !== view.length) return undefined
  const tokenEnd = headLength + view.readUInt8(36)
  const bodyStart = tokenEnd + view.readUInt32BE(37)
  if (bodyStart > view.length) return undefined
  const token = view.toString('utf8', headLength, tokenEnd)
  return {
    stamp: { generation: view.readDoubleBE(4), sequence: view.readDoubleBE(12) },
    expiresAt: view.readDoubleBE(20),
    lease: token === '' ? undefined : { token, until: view.readDoubleBE(28) },
    proof: bytes.subarray(tokenEnd, bodyStart),
    stored: bodyStart === view.length ? undefined : splitStored(bytes.subarray(bodyStart)),
  }
}

/** A token as items keep it: what has no place in a byte of length is digested. */
export function leaseToken(token: string): string {
  return token !== '' && Buffer.byteLength(token) <= 255 ? token : digest(token)
}
