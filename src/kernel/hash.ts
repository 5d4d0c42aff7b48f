import { createHash } from 'node:crypto'

/** A digest of 192 bits as 32 characters that every backend can carry in a key. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 32)
}

/** FNV-1a, 32 bits: tells a handful of names apart. Never for keys, and never against somebody who tries. */
export function fingerprint(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}
