import { crc32 } from 'node:zlib'
import type { Stored } from '../../contracts/storage.ts'

/*
 * What a file holds, version 1; numbers are big-endian:
 *
 *    0  4 bytes  magic and version, "TCF" and 1
 *    4  4        CRC-32 of the rest of the head: from here to the end of the key
 *    8  8        expires at, a double: milliseconds since 1970, or Infinity
 *   16  4        CRC-32 of the payload
 *   20  4        length of the header
 *   24  4        length of the key
 *   28  8        length of the payload, a double
 *   36           header, key, payload
 *
 * The key is there because the file's name is only a digest of it: it is what makes listing possible, and a file that
 * belongs to another key a miss. The checksums are for power cuts, after which a renamed file may be hollow. Header and
 * expiry have one of their own so that making an entry stale rewrites a few dozen bytes at the front, in one go.
 */

const fixedLength = 36
const magic = 0x54434601
const crcOffset = 4
const expiresAtOffset = 8

/** Enough of a file's beginning to hold the head of nearly every entry. */
export const likelyHeadLength = 1_024

/** An entry as a file holds it. */
export interface Frame extends Stored {
  readonly key: string
  readonly expiresAt: number
}

/** What stands before the payload. */
export interface FrameHead {
  readonly key: string
  readonly header: Uint8Array
  readonly expiresAt: number
  /** Bytes of the whole file. */
  readonly fileLength: number
}

export function encodeFrame({ key, header, payload, expiresAt }: Frame): Uint8Array {
  const keyBytes = Buffer.from(key)
  const headLength = fixedLength + header.length + keyBytes.length
  const bytes = new Uint8Array(headLength + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic)
  view.setFloat64(expiresAtOffset, expiresAt)
  view.setUint32(16, crc32(payload))
  view.setUint32(20, header.length)
  view.setUint32(24, keyBytes.length)
  view.setFloat64(28, payload.length)
  bytes.set(header, fixedLength)
  bytes.set(keyBytes, fixedLength + header.length)
  bytes.set(payload, headLength)
  sealHead(bytes, headLength)
  return bytes
}

/** @returns `undefined` for anything but a whole frame */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  const head = decodeHead(bytes)
  if (typeof head !== 'object' || head.fileLength !== bytes.length) return undefined
  const payload = bytes.subarray(headLengthOf(viewOf(bytes)))
  if (crc32(payload) !== viewOf(bytes).getUint32(16)) return undefined
  return { key: head.key, header: head.header, expiresAt: head.expiresAt, payload }
}

/**
 * Reads the head from the beginning of a file.
 * @returns a number if so many bytes are needed for it; `'damaged'` for a file of ours that was not wholly written, or
 *   was changed; `'foreign'` for one that was never ours
 */
export function decodeHead(bytes: Uint8Array): FrameHead | number | 'damaged' | 'foreign' {
  const view = viewOf(bytes)
  if (bytes.length === 0 || (bytes.length >= 4 && view.getUint32(0) === 0)) return 'damaged'
  if (bytes.length < 4 || view.getUint32(0) !== magic) return 'foreign'
  if (bytes.length < fixedLength) return 'damaged'
  const headLength = headLengthOf(view)
  if (bytes.length < headLength) return headLength
  if (crc32(bytes.subarray(crcOffset + 4, headLength)) !== view.getUint32(crcOffset)) return 'damaged'
  const keyStart = fixedLength + view.getUint32(20)
  return {
    key: Buffer.from(bytes.subarray(keyStart, headLength)).toString(),
    header: bytes.subarray(fixedLength, keyStart),
    expiresAt: view.getFloat64(expiresAtOffset),
    fileLength: headLength + view.getFloat64(28),
  }
}

/** The bytes that make a frame stale when they are written at `position`: another header of the same length, and expiry. */
export function patchOf(
  head: Uint8Array,
  { header, expiresAt }: { readonly header: Uint8Array; readonly expiresAt: number },
): { readonly bytes: Uint8Array; readonly position: number } {
  const view = viewOf(head)
  const patched = new Uint8Array(head.subarray(0, headLengthOf(view)))
  new DataView(patched.buffer).setFloat64(expiresAtOffset, expiresAt)
  patched.set(header, fixedLength)
  sealHead(patched, patched.length)
  return { bytes: patched.subarray(crcOffset, fixedLength + header.length), position: crcOffset }
}

function sealHead(bytes: Uint8Array, headLength: number): void {
  viewOf(bytes).setUint32(crcOffset, crc32(bytes.subarray(crcOffset + 4, headLength)))
}

function headLengthOf(view: DataView): number {
  return fixedLength + view.getUint32(20) + view.getUint32(24)
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
