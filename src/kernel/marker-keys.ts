import { escape, prefixHead, type ScopeStep, scopePart, shorten } from './keys.ts'

/*
 * Markers have keys that no entry can have, since no node's part begins with `#`:
 *
 *   prefix:#=tag                         a tag
 *   prefix:#~organization=o1:~user=u7:   a scope: one for each level, by the values from the root down
 *   prefix:#@node                        all entries of a node that are in scopes
 *   prefix:#!                            the generation: changed before any tag is
 */

// An entry names what its readers can't know; more than a hundred such names must fit into a header.
const longestName = 200

/** The keys of the markers under one prefix. */
export interface MarkerKeys {
  readonly generation: string
  readonly tag: (tag: string) => string
  readonly scope: (path: readonly ScopeStep[]) => string
  readonly node: (name: string) => string
  /** The inverse of {@link markerName}. */
  readonly named: (name: string) => string
}

/** @param limit bytes a key may have; a node's own keys have found it enough for the prefix */
export function markerKeys(prefix: string, limit: number): MarkerKeys {
  const head = `${prefixHead(prefix)}#`
  const most = Math.min(limit, Buffer.byteLength(head) + longestName)
  return {
    generation: `${head}!`,
    tag: (tag) => shorten(`${head}=${escape(tag)}`, most),
    scope: (path) => shorten(`${head}${scopePart(path)}`, most),
    node: (name) => shorten(`${head}@${escape(name)}`, most),
    named: (name) => head + name,
  }
}

/** How an entry calls a marker that its readers can't know from its params: its key without the prefix. */
export function markerName(key: string): string {
  return key.slice(key.indexOf(':') + 2)
}

/** Whether a marker's key is that of a generation. */
export function isGeneration(key: string): boolean {
  return key.endsWith(':#!')
}
