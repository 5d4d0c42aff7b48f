import { CacheError, describe, invalidOption } from './errors.ts'
import { digest } from './hash.ts'

/*
 * Keys are readable, and no value can forge another's:
 *
 *   prefix:node:key            an entry of a node
 *   prefix:node:key:@version   the same, of a node with a version
 *   prefix:=:key               an entry without a node
 *   prefix:~organization=o1:~user=u7:node:key    one in a scope, level by level
 *
 * Every part is escaped, so a colon only ever separates. What isn't a part somebody named begins with a sigil
 * (`=` plain, `@` version, `~` scope, `#` marker, and `!` lease, for storages that keep one beside an entry), and a
 * name that begins with one has it escaped. `%*` follows no escaping, so a digest can't be written by hand either.
 * Markers are in `marker-keys.ts`.
 */

/** The node name under which entries without a node are kept. */
export const plainNode = '='

const sigil = /^[=@~#!]/
const digestMark = '%*'
const digestLength = digestMark.length + 32

/** The keys of one node: everything that is the same for all of them, resolved. */
export interface KeySpace {
  /** Every key of the node outside of scopes starts with it, and nobody else's. */
  readonly head: string
  /** Full key of one entry. */
  full(key: string | number): string
  /** The same, of an entry in a scope. @param scope as {@link scopePart} makes it */
  fullIn(scope: string, key: string | number): string
  /**
   * What was given to {@link full} or {@link fullIn}; of a digested key the readable head and the digest.
   * `undefined` for a key of another version, or of another node.
   */
  short(full: string): string | undefined
}

/**
 * The key space of a node.
 *
 * @param names `node` is a name, or {@link plainNode}
 * @param limit bytes a full key may have; longer ones keep their head and end in a digest of 192 bits
 * @throws CacheError `INVALID_OPTION` where the names alone would leave no room for a key
 */
export function keySpace(
  names: { prefix: string; node: string; version?: string | undefined },
  limit: number,
): KeySpace {
  const start = prefixHead(names.prefix)
  const node = nodePart(names.node)
  const head = start + node
  const tail = names.version === undefined ? '' : `:@${escape(names.version)}`
  if (Buffer.byteLength(head) + digestLength > limit) {
    throw invalidOption(
      `node ${JSON.stringify(names.node)}`,
      `prefix and name short enough for keys of ${limit} bytes`,
      head,
    )
  }
  return {
    head,
    full(key) {
      const text = typeof key === 'string' ? key : textOf(key)
      if (isPlain(text)) {
        const full = tail === '' ? head + text : head + text + tail
        return full.length * 3 <= limit ? full : shorten(full, limit)
      }
      return shorten(head + escape(text) + tail, limit)
    },
    fullIn(scope, key) {
      return shorten(start + scope + node + escape(typeof key === 'string' ? key : textOf(key)) + tail, limit)
    },
    short(full) {
      if (!full.startsWith(start)) return undefined
      const at = afterScope(full, start.length)
      if (!full.startsWith(node, at)) return undefined
      const from = at + node.length
      if (full.includes(digestMark, from)) return full.slice(from)
      const end = full.length - tail.length
      // Head and tail may not share their colon: what looks like that is a key `@version` of the node without one.
      if (end < from || !full.endsWith(tail)) return undefined
      const part = full.slice(from, end)
      return part.includes(':') ? undefined : unescape(part)
    },
  }
}

/** What an entry is called when it is selected: `node:key`; without a node, by its key. */
export interface EntryName {
  /** Without prefix, scope and version. */
  readonly text: string
  /** Its key was too long to be stored as it is: this is only how it begins. */
  readonly digested: boolean
}

/** The name of the entry that a full key is of; `undefined` for what is no entry of this prefix, a marker for example. */
export function entryName(prefix: string, full: string): EntryName | undefined {
  const start = prefixHead(prefix)
  if (!full.startsWith(start) || full.startsWith('#', start.length)) return undefined
  const from = afterScope(full, start.length)
  const digested = full.includes(digestMark, from)
  const readable = digested ? full.slice(from, full.indexOf(digestMark, from)) : full.slice(from)
  const [node, key] = readable.split(':')
  if (node === undefined || (key === undefined && !digested)) return undefined
  // The digest may have cut an escaped character in half.
  const begun = digested ? (key ?? '').replace(/%(?:[0-9A-F]?|u[0-9A-F]{0,3})$/, '') : (key ?? '')
  const name = node === plainNode ? '' : `${unescape(node)}:`
  return { text: key === undefined ? '' : name + unescape(begun), digested }
}

/** Whether a full key is one of a node's, in whichever scope. */
export function isOfNode(prefix: string, node: string, full: string): boolean {
  const start = prefixHead(prefix)
  return full.startsWith(start) && full.startsWith(nodePart(node), afterScope(full, start.length))
}

/** What every key of a node starts with, after the prefix and the scope. */
export function nodePart(node: string): string {
  return `${node === plainNode ? plainNode : escapeName(node)}:`
}

/** A level of a scope, with the value it has. */
export type ScopeStep = readonly [level: string, value: string | number]

// Longer values end in a digest, so that what is in a scope can be told by how its key begins.
const longestScopeValue = 64

/** What the keys of a scope have between prefix and node: `~organization=o1:~user=u7:`. */
export function scopePart(path: readonly ScopeStep[]): string {
  return path.map(([level, value]) => `~${escape(level)}=${scopeValue(String(value))}:`).join('')
}

function scopeValue(value: string): string {
  const escaped = escape(value)
  return escaped.length <= longestScopeValue ? escaped : digestMark + digest(value)
}

/** Where the node's part begins. */
function afterScope(full: string, from: number): number {
  let at = from
  while (full.startsWith('~', at)) {
    const end = full.indexOf(':', at)
    if (end === -1) return full.length
    at = end + 1
  }
  return at
}

/** What every key under a prefix starts with. */
export function prefixHead(prefix: string): string {
  return `${escapeName(prefix)}:`
}

/** Escapes what separates, what escapes, white space, control characters and lone surrogates; nothing else. */
export function escape(part: string): string {
  if (isPlain(part)) return part
  return part.replace(/[%:\u0000-\u0020\u007f]|\p{Cs}/gu, escapeCharacter)
}

/** The inverse of {@link escape}. */
export function unescape(part: string): string {
  return part.replace(/%u([0-9A-F]{4})|%([0-9A-F]{2})/g, (_, unit?: string, byte?: string) =>
    String.fromCharCode(parseInt(unit ?? byte ?? '', 16)),
  )
}

/** As {@link escape}, for a name: one that begins with a sigil has it escaped. */
export function escapeName(name: string): string {
  return escape(name).replace(sigil, escapeCharacter)
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0)
  const hex = code.toString(16).toUpperCase()
  return code > 0xff ? `%u${hex.padStart(4, '0')}` : `%${hex.padStart(2, '0')}`
}

// A key that is missing would be everybody's.
function textOf(key: unknown): string {
  if (typeof key === 'number') return String(key)
  throw new CacheError(
    'UNKEYABLE',
    `a key must be a string or a number, and came as ${describe(key)}: look at the node's \`key\``,
  )
}

// On the road of every read: a loop over a short string costs a third of a regular expression.
function isPlain(part: string): boolean {
  for (let index = 0; index < part.length; index++) {
    const code = part.charCodeAt(index)
    if (code <= 0x20 || code >= 0x7f || code === 0x25 || code === 0x3a) return false
  }
  return true
}

/** A key that is too long keeps its head and ends in a digest. */
export function shorten(full: string, limit: number): string {
  if (Buffer.byteLength(full) <= limit) return full
  const room = limit - digestLength
  // A character cut in half at the end decodes to U+FFFD; the digest tells the keys apart, so it can go.
  const head = Buffer.from(full)
    .subarray(0, room)
    .toString()
    .replace(/\uFFFD$/, '')
  return head + digestMark + digest(full)
}
