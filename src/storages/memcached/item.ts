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
  const token = lease?.token ?? ''
  const tokenBytes = token === '' ? 0 : Buffer.byteLength(token)
  const bodyBytes = stored === undefined ? 0 : 2 + stored.header.length + stored.payload.length
  const bytes = new Uint8Array(headLength + tokenBytes)
  const head = new DataView(bytes.buffer)
  head.setUint32(0, bytes.length + proof.length + bodyBytes)
  head.setFloat64(4, stamp.generation)
  head.setFloat64(12, stamp.sequence)
  head.setFloat64(20, expiresAt)
  head.setFloat64(28, lease?.until ?? 0)
  head.setUint8(36, tokenBytes)
  head.setUint32(37, proof.length)
  if (token !== '') new TextEncoder().encodeInto(token, bytes.subarray(headLength))
  return stored === undefined ? [bytes, proof] : [bytes, proof, joinStored(stored)]
}

/** Reads an item. @returns `undefined` for anything but a whole one */
export function decodeItem(bytes: Uint8Array): WrittenItem | undefined {
  if (bytes.length < headLength) return undefined
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (head.getUint32(0) !== bytes.length) return undefined
  const tokenEnd = headLength + head.getUint8(36)
  const bodyStart = tokenEnd + head.getUint32(37)
  if (bodyStart > bytes.length) return undefined
  return {
    stamp: { generation: head.getFloat64(4), sequence: head.getFloat64(12) },
    expiresAt: head.getFloat64(20),
    lease:
      tokenEnd === headLength
        ? undefined
        : { token: decoder.decode(bytes.subarray(headLength, tokenEnd)), until: head.getFloat64(28) },
    proof: tokenEnd === bodyStart ? nothing : bytes.subarray(tokenEnd, bodyStart),
    stored: bodyStart === bytes.length ? undefined : splitStored(bytes.subarray(bodyStart)),
  }
}

const decoder = new TextDecoder()
const nothing = new Uint8Array(0)

/** A token as items keep it: what has no place in a byte of length is digested. */
export function leaseToken(token: string): string {
  return token !== '' && Buffer.byteLength(token) <= 255 ? token : digest(token)
}
