import type { Stored } from '../contracts/storage.ts'
import { CacheError } from '../kernel/errors.ts'
import type { Version } from '../kernel/stamp.ts'
import { unreadable } from './unreadable.ts'

/*
 * A version is 12 random bytes, its hard part, and 14 that are its soft one: the moment it was made, six bytes of
 * milliseconds since 1970 on the authority's clock, and 8 random bytes. A marker keeps them as header and payload.
 * An entry carries those it was made under in its header; numbers are big-endian:
 *
 *   0  2   number of versions that every reader can name, in the order of their markers' keys
 *   2  2   number of those it can't
 *   4      for each of the first its version;
 *          for each of the others its version, two bytes for the length of its marker's name, the name
 */

const hardLength = 12
const momentLength = 6
const softLength = momentLength + 8
const countsLength = 4
const nameLength = 2
const mostBytes = 60_000

/** Bytes of chance that a version takes. */
export const randomLength: number = hardLength + softLength - momentLength

/** The version of a tag or scope, as an entry carries it. */
export interface CarriedVersion extends Version {
  /** The name of its marker, where a reader can't know it. */
  readonly name?: string | undefined
}

/**
 * A version that nobody has had before.
 * @param random bytes of chance, {@link randomLength} of them
 * @param moment when it is made, on the authority's clock
 */
export function newVersion(random: Uint8Array, moment: number): Version {
  const soft = Buffer.alloc(softLength)
  soft.writeUIntBE(Math.min(Math.max(0, Math.floor(moment)), 2 ** 48 - 1), 0, momentLength)
  soft.set(random.subarray(hardLength, randomLength), momentLength)
  return { hard: textOf(random.subarray(0, hardLength)), soft: textOf(soft) }
}

/** When a version's soft part was made, on the authority's clock. */
export function momentOf({ soft }: Version): number {
  return Buffer.from(soft, 'latin1').readUIntBE(0, momentLength)
}

/** A version as its marker keeps it. */
export function markerOf({ hard, soft }: Version): Stored {
  return { header: Buffer.from(hard, 'latin1'), payload: Buffer.from(soft, 'latin1') }
}

/** The inverse of {@link markerOf}; `undefined` for what somebody else put there. */
export function versionIn({ header, payload }: Stored): Version | undefined {
  if (header.length !== hardLength || payload.length !== softLength) return undefined
  return { hard: textOf(header), soft: textOf(payload) }
}

/**
 * Versions as bytes. Those that have a name come last.
 * @throws CacheError `INVALID_OPTION` if that is more than a header can have
 */
export function writeVersions(versions: readonly CarriedVersion[]): Uint8Array {
  const named = versions.filter(({ name }) => name !== undefined).length
  const counts = Buffer.alloc(countsLength)
  counts.writeUInt16BE(versions.length - named, 0)
  counts.writeUInt16BE(named, 2)
  const bytes = Buffer.concat([counts, ...versions.map(bytesOf)])
  if (bytes.length <= mostBytes) return bytes
  throw new CacheError(
    'INVALID_OPTION',
    `the tags of an entry take ${bytes.length} bytes: give it fewer or shorter ones`,
  )
}

/** The inverse of {@link writeVersions}. @throws CacheError `UNREADABLE` */
export function readVersions(section: Uint8Array): CarriedVersion[] {
  const bytes = Buffer.from(section.buffer, section.byteOffset, section.byteLength)
  let at = 0
  const take = (length: number): number => {
    const from = at
    at += length
    if (at > bytes.length) throw unreadable('versions that end early')
    return from
  }
  const unnamed = bytes.readUInt16BE(take(2))
  const count = unnamed + bytes.readUInt16BE(take(2))
  const versions: CarriedVersion[] = []
  for (let index = 0; index < count; index++) {
    const from = take(hardLength + softLength)
    const hard = bytes.toString('latin1', from, from + hardLength)
    const soft = bytes.toString('latin1', from + hardLength, at)
    if (index < unnamed) {
      versions.push({ hard, soft })
      continue
    }
    const length = bytes.readUInt16BE(take(nameLength))
    versions.push({ hard, soft, name: bytes.toString('utf8', take(length), at) })
  }
  if (at !== bytes.length) throw unreadable('versions with something behind them')
  return versions
}

function bytesOf({ hard, soft, name }: CarriedVersion): Uint8Array {
  const version = Buffer.from(hard + soft, 'latin1')
  if (name === undefined) return version
  const text = Buffer.from(name)
  const length = Buffer.alloc(nameLength)
  length.writeUInt16BE(text.length)
  return Buffer.concat([version, length, text])
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
