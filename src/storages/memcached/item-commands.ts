import { CacheError, describe } from '../../kernel/errors.ts'
import { decodeItem, encodeItem, itemFlags, type Item } from './item.ts'
import { metaSet, sizeOf, type MetaCommand } from './meta-command.ts'
import { flagIn, statusOf, type Reply } from './reply-parser.ts'
import type { KnownRoot } from './root-keeper.ts'
import type { Stamp } from './root.ts'
import { longerSeconds, secondsForEntry, secondsForLease, shorterSeconds } from './server-seconds.ts'
import type { WireKey } from './wire-key.ts'

const flags = String(itemFlags)

// What the server keeps beside a value, and what a lease may add to it later.
const overhead = 1_024

/** A key, and what it is called on the server. */
export interface NamedKey {
  readonly key: string
  readonly wire: WireKey
}

/**
 * The item that a reply brings, if it is whole, of this key, and counts.
 * @param reply to a read of value and client flags
 */
export function itemIn(
  reply: Reply | undefined,
  { key, wire }: NamedKey,
  root: KnownRoot | undefined,
): Item | undefined {
  if (reply?.value === undefined || root === undefined || flagIn(reply, 'f') !== flags) return undefined
  const item = decodeItem(reply.value)
  if (item === undefined || !isProof(item.proof, wire.proof)) return undefined
  return root.counts(key, item.stamp) ? item : undefined
}

/**
 * Writes an item.
 *
 * @param mode when it may be written: `ME` where nothing is, `C` and a cas where nothing has changed, or nothing for always
 * @param secondsLeft what the server still gave the entry that stays in it, if one stays as it was
 */
export function writeItem(
  { wire }: NamedKey,
  { item, stamp }: { readonly item: Item; readonly stamp: Stamp },
  mode: string,
  now: number,
  secondsLeft?: number,
): MetaCommand {
  const bytes = encodeItem({ ...item, stamp, proof: wire.proof })
  const seconds = secondsOf(item, now, secondsLeft)
  return metaSet(wire, bytes, mode === '' ? `T${seconds} F${flags}` : `T${seconds} F${flags} ${mode}`)
}

/** Why an item was not written, or can't be: `undefined` if there is nothing against it. */
export function refusalOf(reply: Reply | undefined, { key }: NamedKey): CacheError | undefined {
  if (reply === undefined || !statusOf(reply).endsWith('ERROR')) return undefined
  if (reply.line.endsWith('object too large for cache')) return tooLarge(key, "the server's limit")
  return new CacheError('STORAGE_UNAVAILABLE', `memcached refuses ${describe(key)}: ${reply.line}`)
}

/** As {@link refusalOf}, for what is known before it is sent. */
export function excessOf(command: MetaCommand, largestItem: number, { key }: NamedKey): CacheError | undefined {
  return sizeOf(command) + overhead > largestItem ? tooLarge(key, `${largestItem} bytes`) : undefined
}

function isProof(found: Uint8Array, wanted: Uint8Array): boolean {
  return found.length === wanted.length && (wanted.length === 0 || Buffer.compare(found, wanted) === 0)
}

function secondsOf({ stored, expiresAt, lease }: Item, now: number, secondsLeft: number | undefined): number {
  const wallNow = Date.now()
  const asked = stored && secondsForEntry(expiresAt - now, wallNow)
  const entry = asked !== undefined && secondsLeft !== undefined ? shorterSeconds(secondsLeft, asked) : asked
  const held = lease && secondsForLease(lease.until - now, wallNow)
  if (entry === undefined || held === undefined) return entry ?? held ?? 1
  return longerSeconds(entry, held)
}

function tooLarge(key: string, limit: string): CacheError {
  return new CacheError(
    'UNSUPPORTED',
    `memcached: the value of ${describe(key)} is larger than an item may be (${limit}): ` +
      'start the server with a larger -I, or keep such values elsewhere',
  )
}
