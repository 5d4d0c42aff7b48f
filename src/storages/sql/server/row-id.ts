import { createHash } from 'node:crypto'
import { prefixRange } from '../prefix-range.ts'

/*
 * Servers limit what an index can hold (2,700 bytes in Postgres, 3,072 in MySQL), and keys have any length. So a row's
 * primary key is its `id`: the key itself while that is short, else the key's head and a digest of the whole. Its
 * length tells the two apart, so none can be taken for the other; what an `id` leaves out is kept beside it. Ids begin
 * as their keys do, so that one index serves to find a key and to list those under a prefix.
 */

const longestId = 255
const digestLength = 32
const headLength = longestId - digestLength

/** How a key stands in a table. */
export interface RowId {
  readonly id: Uint8Array
  /** What comes behind the head of a long key. */
  readonly rest: Uint8Array | null
  /** The id as a text of the same order, one character for each byte. */
  readonly name: string
}

/** Where a key stands. */
export function rowIdOf(key: string): RowId {
  const bytes = Buffer.from(key)
  // In plain ASCII the key is that text.
  if (bytes.length < longestId)
    return { id: bytes, rest: null, name: bytes.length === key.length ? key : nameOf(bytes) }
  const digest = createHash('sha256').update(bytes).digest()
  const id = Buffer.concat([bytes.subarray(0, headLength), digest])
  return { id, rest: bytes.subarray(headLength), name: nameOf(id) }
}

/** The id as a text, to compare and to look up. */
export function nameOf(id: Uint8Array): string {
  const bytes = id instanceof Buffer ? id : Buffer.from(id.buffer, id.byteOffset, id.length)
  return bytes.toString('latin1')
}

/** The key of a row, in UTF-8. */
export function keyBytesOf(id: Uint8Array, rest: Uint8Array | null): Uint8Array {
  return rest === null ? id : Buffer.concat([id.subarray(0, headLength), rest])
}

/** The ids of keys under a prefix: from the first, up to but not including the second. Keys of others may be among them. */
export function idRangeOf(prefix: Uint8Array): readonly [Uint8Array, Uint8Array] {
  return prefixRange(prefix.subarray(0, headLength))
}
