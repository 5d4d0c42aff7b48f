import { entryName, escape, escapeName, isOfNode, nodePart, plainNode, prefixHead } from '../../kernel/keys.ts'
import { type Realm, scopeHead, type Selection } from './selector.ts'

/** How entries that are meant are told by their keys. */
export interface Match {
  /** The key of everything that can be meant begins with one of these. */
  readonly heads: readonly string[]
  /** Those of them of which everything is meant that begins so. */
  readonly whole: readonly string[]
  readonly isMeant: (full: string) => boolean
}

// The readable head of a key that was too long is at least so long.
const longestHead = 64

/** What a selector's `node` means. */
export function matchNode(node: string, realm: Realm): Match {
  const { prefix } = realm.defaults
  const head = prefixHead(prefix) + nodePart(node)
  return {
    heads: [head, ...scopedHeads(realm)],
    whole: [head],
    isMeant: (full) => isOfNode(prefix, node, full),
  }
}

/**
 * What a selector's `pattern` means. Of an entry with a key that was too long only the beginning is known: it is meant
 * if something that begins so could be.
 */
export function matchPattern(
  { literal, isOpen, matches, allows }: NonNullable<Selection['pattern']>,
  realm: Realm,
): Match {
  const { prefix } = realm.defaults
  const start = prefixHead(prefix)
  const begun = Array.from(literal).slice(0, longestHead).join('')
  // Where the node ends and the key begins, if it has a node: at any of its colons, or after all of it.
  const ends = [...begun.matchAll(/:/g)].map(({ index }) => index)
  const heads = [
    `${plainNode}:${escape(begun)}`,
    escapeName(begun),
    ...ends.map((end) => `${escapeName(begun.slice(0, end))}:${escape(begun.slice(end + 1))}`),
  ].map((head) => start + head)
  return {
    heads: literal === '' ? [start] : [...heads, ...scopedHeads(realm)],
    // With everything that a `*` means go the markers, which is no more than asked.
    whole: isOpen && begun === literal ? (literal === '' ? [start] : heads) : [],
    isMeant(full) {
      const name = entryName(prefix, full)
      if (name === undefined) return false
      return name.digested ? allows(name.text) : matches(name.text)
    },
  }
}

/** Every entry there is. */
export function matchAll({ defaults: { prefix } }: Realm): Match {
  return {
    heads: [prefixHead(prefix)],
    whole: [],
    isMeant: (full) => entryName(prefix, full) !== undefined,
  }
}

/** Every entry in a scope and below. */
export function matchScope(selection: Selection, realm: Realm): Match {
  const head = scopeHead(selection, realm)
  return { heads: [head], whole: [head], isMeant: (full) => full.startsWith(head) }
}

// Entries in scopes have their scope before their node.
function scopedHeads({ defaults }: Realm): readonly string[] {
  return Object.keys(defaults.scopes.tree).length === 0 ? [] : [`${prefixHead(defaults.prefix)}~`]
}
