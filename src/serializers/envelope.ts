import type { Moments } from '../kernel/entry.ts'
import type { Stored } from '../contracts/storage.ts'
import { type CarriedVersion, type CarriedVersions, readVersions, writeVersions } from './versions.ts'
import { unreadable } from './unreadable.ts'

/*
 * The header of everything a remote tier keeps, version 1; numbers are big-endian:
 *
 *    0  2 bytes  magic, "TC"
 *    2  1        format version, 1
 *    3  1        flags; 1: versions follow. An unknown one is refused, not guessed
 *    4  4        fingerprint of the serializer's name
 *    8  8        created at    milliseconds since 1970 on the authority's clock,
 *   16  8        stale at      all bits set for "never"
 *   24  8        expired at
 *
 *   32           the versions of tags and scopes: see `versions.ts`
 *
 * Big-endian moments compare as bytes, so a backend can compare and patch them without knowing what they mean.
 * The payload follows in a field of its own, or behind the header where a backend has but one: see `joinStored`.
 */

const headerLength = 32
const carriesVersions = 1
const lengthBytes = 2
const formatVersion = 1
const never = 0xffffffff
const staleAtOffset = 16
const expiredAtOffset = 24

/** What an envelope says besides its payload. */
export interface Envelope extends Moments {
  /** Fingerprint of the name of the serializer that wrote the payload. */
  readonly serializer: number
}

/** An envelope to write. */
export interface NewEnvelope extends Envelope {
  /** What the entry was made under; those that need a name come last. Absent: nothing. */
  readonly versions?: readonly CarriedVersion[] | undefined
}

/** An envelope as it was read. */
export interface ReadEnvelope extends Envelope {
  /** What the entry was made under. Absent: nothing. */
  readonly versions?: CarriedVersions
}

/** Writes a header. Moments are rounded down to whole milliseconds. */
export function writeHeader(envelope: NewEnvelope): Uint8Array {
  const { versions = [] } = envelope
  const header = new Uint8Array(headerLength)
  const view = viewOf(header)
  header[0] = 0x54
  header[1] = 0x43
  header[2] = formatVersion
  view.setUint32(4, envelope.serializer)
  writeMoment(view, 8, envelope.createdAt)
  writeMoment(view, staleAtOffset, envelope.staleAt)
  writeMoment(view, expiredAtOffset, envelope.expiredAt)
  if (versions.length === 0) return header
  header[3] = carriesVersions
  return Buffer.concat([header, writeVersions(versions)])
}

/**
 * Reads a header.
 * @throws CacheError `UNREADABLE` for anything but a header of a version and with flags that this code knows
 */
export function readHeader(header: Uint8Array): ReadEnvelope {
  if (header.length < headerLength || header[0] !== 0x54 || header[1] !== 0x43) throw unreadable('not an entry of ours')
  if (header[2] !== formatVersion) throw unreadable(`format version ${header[2]}, and only ${formatVersion} is known`)
  if (header[3] !== 0 && header[3] !== carriesVersions) throw unreadable(`unknown flags ${header[3]}`)
  if (header[3] === 0 && header.length !== headerLength) throw unreadable('a header with something behind it')
  return {
    serializer: readUint32(header, 4),
    createdAt: readMoment(header, 8),
    staleAt: readMoment(header, staleAtOffset),
    expiredAt: readMoment(header, expiredAtOffset),
    ...(header[3] === carriesVersions && { versions: readVersions(header.subarray(headerLength)) }),
  }
}

/**
 * The header of an entry that was made stale at `now`, for storages that do it here rather than in the server.
 * Its stale window counts from there. The header of an entry that is stale already comes back as it was.
 */
export function staleHeader(header: Uint8Array, now: number): Uint8Array {
  const { staleAt, expiredAt } = readHeader(header)
  if (staleAt <= now) return header
  // Not `slice`: that of a Buffer is a view, and these bytes belong to somebody else.
  const patched = new Uint8Array(header)
  const view = viewOf(patched)
  writeMoment(view, staleAtOffset, now)
  writeMoment(view, expiredAtOffset, staleAt === Infinity ? expiredAt : now + (expiredAt - staleAt))
  return patched
}

/**
 * Header and payload as one, for backends that keep one value under a key: two bytes for the header's length, the
 * header, the payload.
 */
export function joinStored({ header, payload }: Stored): Uint8Array {
  const bytes = new Uint8Array(lengthBytes + header.length + payload.length)
  viewOf(bytes).setUint16(0, header.length)
  bytes.set(header, lengthBytes)
  bytes.set(payload, lengthBytes + header.length)
  return bytes
}

/**
 * The inverse of {@link joinStored}, without copying. Of bytes that somebody else wrote, it makes a header and a
 * payload all the same; whether they are ours, `readHeader` tells.
 */
export function splitStored(bytes: Uint8Array): Stored {
  // A view would cost more than all the rest, and every read comes through here.
  const end = lengthBytes + (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)
  return { header: bytes.subarray(lengthBytes, end), payload: bytes.subarray(end) }
}

// What is too far off to be written is "never", and what is before 1970 was then: a moment never turns into another one.
function writeMoment(view: DataView, offset: number, moment: number): void {
  const whole = Math.max(0, Math.floor(moment))
  const isNever = whole >= never * 2 ** 32
  view.setUint32(offset, isNever ? never : Math.floor(whole / 2 ** 32))
  view.setUint32(offset + 4, isNever ? never : whole % 2 ** 32)
}

function readMoment(bytes: Uint8Array, offset: number): number {
  const high = readUint32(bytes, offset)
  return high === never ? Infinity : high * 2 ** 32 + readUint32(bytes, offset + 4)
}

// Every remote hit reads a header: a view of the bytes would cost more than all the rest.
function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  )
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
