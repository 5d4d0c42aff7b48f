import { digest } from '../../kernel/hash.ts'

/*
 * The `_id` of an entry is its key, as a string: strings compare byte by byte, so a prefix is a range. A key that is
 * longer than an index of every server takes is cut, and a digest of the whole put behind it; the key itself then
 * stands in the document. What was cut is longer than any key that wasn't, so none can be taken for the other.
 */

/** MongoDB itself has no limit; servers of its kind have one, from 2,048 bytes on. */
const mostBytes = 900

/** Where the entry of a key is, and the key if the place doesn't tell it. */
export interface DocumentId {
  readonly _id: string
  readonly key?: string
}

export function documentId(key: string): DocumentId {
  const head = cut(key)
  return head === key ? { _id: key } : { _id: head + digest(key), key }
}

/** A filter for the documents whose keys start with `prefix`, leases included, and whose `_id` is within the bounds. */
export function idsUnder(prefix: string, bounds: IdBounds = {}): Record<string, unknown> {
  const head = cut(prefix)
  const _id = { ...rangeOf(head), ...bounds }
  if (head === prefix) return { _id }
  // A cut prefix: what it leaves open, the key decides, wherever it stands.
  return { _id, $or: [{ key: null, _id: rangeOf(prefix) }, { key: rangeOf(prefix) }] }
}

/** Where to begin and to end, by what comparisons of MongoDB are called. */
export interface IdBounds {
  readonly $gte?: string
  readonly $gt?: string
  readonly $lt?: string
}

/** Strings that begin so. */
function rangeOf(prefix: string): Record<string, string> {
  const end = successor(prefix)
  return end === undefined ? { $gte: prefix } : { $gte: prefix, $lt: end }
}

/** The first string behind all that begin with `prefix`, by code points; `undefined` if there is none. */
function successor(prefix: string): string | undefined {
  const head = prefix.replace(/\u{10ffff}+$/u, '')
  const last = head.codePointAt(head.length - 1 - (isPair(head) ? 1 : 0))
  if (last === undefined) return undefined
  // Surrogates are no characters of their own.
  const next = last === 0xd7ff ? 0xe000 : last + 1
  return head.slice(0, head.length - (isPair(head) ? 2 : 1)) + String.fromCodePoint(next)
}

/** Whether a text ends with a character of two units. */
function isPair(text: string): boolean {
  return (text.charCodeAt(text.length - 1) & 0xfc00) === 0xdc00
}

/** As much of a text as fits, whole characters. */
function cut(text: string): string {
  // A unit of UTF-16 takes three bytes of UTF-8 at most.
  if (text.length * 3 <= mostBytes) return text
  const bytes = Buffer.from(text)
  if (bytes.length <= mostBytes) return text
  let end = mostBytes
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
