import { digest } from '../../kernel/hash.ts'

/*
 * What a key is called on the server. Everything of a storage begins with its namespace, and a sigil tells apart
 *
 *   tc:KEY      an entry, its key as it is, or in base64 where the protocol couldn't carry it (the server keeps the
 *               bytes that were meant, so both are one name)
 *   tc*DIGEST   an entry whose key is too long: 192 bits of SHA-256, and the whole key kept in the item
 *   tc!root     the root, which says what has been cleared
 */

/** A key as the protocol carries it. */
export interface WireKey {
  readonly token: string
  /** A flag to put before the others: `b` and a space for base64, or nothing. */
  readonly encoding: '' | 'b '
  /** What the item must say of itself: the key, where its name is only a digest of it; else nothing. */
  readonly proof: Uint8Array
}

const longestToken = 250

/** What an entry is called. */
export function wireKey(namespace: string, key: string): WireKey {
  const plain = `${namespace}:${key}`
  if (isPlain(key)) return plain.length <= longestToken ? named(plain) : digested(namespace, key)
  const encoded = Buffer.from(plain).toString('base64')
  if (encoded.length <= longestToken) return { token: encoded, encoding: 'b ', proof: nothing }
  return digested(namespace, key)
}

/** What the root is called. */
export function rootKey(namespace: string): WireKey {
  return named(`${namespace}!root`)
}

const nothing = new Uint8Array(0)

function named(token: string): WireKey {
  return { token, encoding: '', proof: nothing }
}

function digested(namespace: string, key: string): WireKey {
  return { token: `${namespace}*${digest(key)}`, encoding: '', proof: new TextEncoder().encode(key) }
}

// White space and control characters would end the token, and everything beyond ASCII is somebody's encoding.
function isPlain(key: string): boolean {
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index)
    if (code <= 0x20 || code >= 0x7f) return false
  }
  return true
}
