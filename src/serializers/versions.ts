import type { Stored } from '../contracts/storage.ts'
import { CacheError } from '../kernel/errors.ts'
import type { Version } from '../kernel/stamp.ts'
import { unreadable } from './unreadable.ts'

/*
 * A version is 12 random bytes, its hard part, and 14 that are its soft one: the moment it was made, six bytes of
 * milliseconds since 1970 on the authority's clock, and 8 random bytes. A marker keeps them as header and payload.
 * An entry carries those it was made under in its header; numbers are big-endian:
 *
 *   0  2   number of versions that every reader can name, in an order that all agree on
 *   2  2   number of those it can't
 *   4      for each of the first its version;
 *          for each of the others its version, two bytes for the length of its marker's name, the name
 */

const hardLength = 12
const momentLength = 6
const softLength = momentLength + 8
const versionLength = hardLength + softLength
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

/** Whether a marker keeps just this version. It costs less than reading it. */
export function isVersionIn({ hard, soft }: Version, { header, payload }: Stored): boolean {
  return isText(header, hard) && isText(payload, soft)
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

/**
 * The versions an entry carries, as they were read: compared where they stand, since every remote hit compares them and
 * hardly anybody wants to have them.
 */
export class CarriedVersions {
  /** How many every reader can name; they come first. */
  readonly unnamed: number
  /** The names of the others. */
  readonly names: readonly string[]
  readonly #text: string
  readonly #places: readonly number[]

  constructor(text: string, unnamed: number, named: readonly { readonly name: string; readonly at: number }[]) {
    this.unnamed = unnamed
    this.names = named.map(({ name }) => name)
    this.#text = text
    this.#places = named.map(({ at }) => at)
  }

  get count(): number {
    return this.unnamed + this.names.length
  }

  isHard(index: number, hard: string): boolean {
    return this.#text.startsWith(hard, this.#placeOf(index))
  }

  isSoft(index: number, soft: string): boolean {
    return this.#text.startsWith(soft, this.#placeOf(index) + hardLength)
  }

  /** All of them. */
  list(): CarriedVersion[] {
    return Array.from({ length: this.count }, (_, index) => {
      const at = this.#placeOf(index)
      const middle = at + hardLength
      const version = { hard: this.#text.slice(at, middle), soft: this.#text.slice(middle, middle + softLength) }
      const name = index < this.unnamed ? undefined : this.names[index - this.unnamed]
      return name === undefined ? version : { ...version, name }
    })
  }

  #placeOf(index: number): number {
    if (index < this.unnamed) return countsLength + index * versionLength
    return this.#places[index - this.unnamed] ?? this.#text.length
  }
}

/** The inverse of {@link writeVersions}. @throws CacheError `UNREADABLE` */
export function readVersions(section: Uint8Array): CarriedVersions {
  const bytes = Buffer.from(section.buffer, section.byteOffset, section.byteLength)
  if (bytes.length < countsLength) throw endsEarly()
  const unnamed = bytes.readUInt16BE(0)
  const count = bytes.readUInt16BE(2)
  let at = countsLength + unnamed * versionLength
  const named: { readonly name: string; readonly at: number }[] = []
  for (let index = 0; index < count; index++) {
    const start = at + versionLength + nameLength
    if (start > bytes.length) throw endsEarly()
    const end = start + bytes.readUInt16BE(start - nameLength)
    named.push({ name: bytes.toString('utf8', start, end), at })
    at = end
  }
  if (at > bytes.length) throw endsEarly()
  if (at < bytes.length) throw unreadable('versions with something behind them')
  return new CarriedVersions(bytes.toString('latin1'), unnamed, named)
}

function endsEarly(): CacheError {
  return unreadable('versions that end early')
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

function isText(bytes: Uint8Array, text: string): boolean {
  if (bytes.length !== text.length) return false
  for (let index = 0; index < bytes.length; index++) if (bytes[index] !== text.charCodeAt(index)) return false
  return true
}
