import { CacheError, describe, invalidOption } from './errors.ts'
import { digest } from './hash.ts'

/*
 * Keys are readable, and no value can forge another's:
 *
 *   prefix:node:key            an entry of a node
 *   prefix:node:key:@version   the same, of a node with a version
 *   prefix:=:key               an entry without a node
 *
 * Every part is escaped, so a colon only ever separates. What isn't a part somebody named begins with a sigil
 * (`=` plain, `@` version, and kept free for what is to come: `~` scope, `#` marker, `!` lease), and a name
 * that begins with one has it escaped. `%*` follows no escaping, so a digest can't be written by hand either.
 */

/** The node name under which entries without a node are kept. */
export const plainNode = '='

const sigil = /^[=@~#!]/
const digestMark = '%*'
const digestLength = digestMark.length + 32

/** The keys of one node: everything that is the same for all of them, resolved. */
export interface KeySpace {
  /** Every key of the node starts with it, and nobody else's. */
  readonly head: string
  /** Full key of one entry. */
  full(key: string | number): string
  /**
   * What was given to {@link full}; of a digested key the readable head and the digest.
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
  const head = `${prefixHead(names.prefix)}${names.node === plainNode ? plainNode : escapeName(names.node)}:`
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
    short(full) {
      if (!full.startsWith(head)) return undefined
      if (full.includes(digestMark)) return full.slice(head.length)
      const end = full.length - tail.length
      // Head and tail may not share their colon: what looks like that is a key `@version` of the node without one.
      if (end < head.length || !full.endsWith(tail)) return undefined
      const part = full.slice(head.length, end)
      return part.includes(':') ? undefined : unescape(part)
    },
  }
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

function escapeName(name: string): string {
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

function shorten(full: string, limit: number): string {
  if (Buffer.byteLength(full) <= limit) return full
  const room = limit - digestLength
  // A character cut in half at the end decodes to U+FFFD; the digest tells the keys apart, so it can go.
  const head = Buffer.from(full)
    .subarray(0, room)
    .toString()
    .replace(/\uFFFD$/, '')
  return head + digestMark + digest(full)
}
