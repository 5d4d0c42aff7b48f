import { CacheError, describe, invalidOption } from '../../kernel/errors.ts'
import { type Glob, glob } from '../../kernel/glob.ts'
import { prefixHead, type ScopeStep, scopePart } from '../../kernel/keys.ts'
import type { PlanParts } from '../defaults.ts'
import type { Places } from '../plan.ts'
import { globalScope, type ScopePath, type ScopeTree, stepsFromLevels } from '../reach/scopes.ts'
import { checkedTag, checkedTags } from '../reach/tags.ts'

/**
 * What is meant, of all that is cached. Everything that is named is: what carries one of the tags, and what is in the
 * scope, and what the pattern matches, and so on.
 */
export interface Selector<Tree extends ScopeTree = ScopeTree> {
  /** Entries by name: `node:key`, or the key alone of an entry without a node. Those in scopes have other names. */
  readonly keys?: readonly string[] | undefined
  /** Everything that carries one of these. */
  readonly tags?: readonly string[] | undefined
  /** Everything in a scope and below; `'global'`: everything. */
  readonly scope?: ScopePath<Tree> | typeof globalScope | undefined
  /**
   * Everything whose name matches: `*` is any run of characters, `?` any one, `[a-z]` one of a set, `\` takes what
   * follows literally. Names are without prefix, scope and version.
   */
  readonly pattern?: string | undefined
  /** Everything of a node, by its name or itself. */
  readonly node?: string | { readonly name: string } | undefined
}

/** All there is in a cache. */
export interface Realm extends PlanParts {
  readonly plans: ReadonlyMap<string, Places<unknown>>
  readonly plain: Places<unknown>
}

/** A selector, resolved. */
export interface Selection {
  readonly everything: boolean
  readonly tags: readonly string[]
  readonly scope: readonly ScopeStep[]
  readonly keys: readonly { readonly plan: Places<unknown>; readonly key: string }[]
  readonly node: string | undefined
  readonly pattern: Glob | undefined
}

/**
 * Resolves a selector.
 * @throws CacheError `INVALID_OPTION` for one that selects nothing, or nothing that makes sense
 */
export function resolveSelector(selector: Selector, realm: Realm, where: string): Selection {
  const known = ['keys', 'tags', 'scope', 'pattern', 'node']
  if (typeof selector !== 'object' || selector === null) throw invalidOption(where, 'a selector', selector)
  const given = Object.entries(selector).filter(([, value]) => value !== undefined)
  const strange = given.find(([name]) => !known.includes(name))
  if (strange !== undefined) throw invalidOption(where, `one of ${known.join(', ')}`, strange[0])
  if (given.length === 0) {
    throw new CacheError(
      'INVALID_OPTION',
      `${where}: expected at least one of ${known.join(', ')}, got ${describe(selector)}: for everything, say { scope: '${globalScope}' }`,
    )
  }
  const { keys = [], tags = [], scope, pattern, node } = selector
  if (pattern !== undefined && (typeof pattern !== 'string' || pattern === '')) {
    throw invalidOption(`${where}: pattern`, 'a text', pattern)
  }
  return {
    everything: scope === globalScope,
    tags: [...new Set(checkedTags(tags, where, Infinity).map((tag) => checkedTag(tag, where)))],
    scope: scope === undefined || scope === globalScope ? [] : stepsFromLevels(realm.defaults.scopes, scope, where),
    keys: fullKeys(keys, realm, where),
    node: node === undefined ? undefined : nameOf(node, where),
    pattern: pattern === undefined ? undefined : glob(pattern),
  }
}

/** The keys of the markers of what was selected by tags and scope. */
export function markersOf({ tags, scope }: Pick<Selection, 'tags' | 'scope'>, { defaults }: Realm): string[] {
  const { markerKeys } = defaults
  const keys = tags.map((tag) => markerKeys.tag(tag))
  if (scope.length > 0) keys.push(markerKeys.scope(scope))
  return keys
}

/** What the keys of everything in a scope begin with. */
export function scopeHead({ scope }: Selection, { defaults }: Realm): string {
  return prefixHead(defaults.prefix) + scopePart(scope)
}

// A name with a colon may be an entry without a node, and one of each node whose name it begins with.
function fullKeys(names: readonly string[], realm: Realm, where: string): Selection['keys'] {
  if (!Array.isArray(names)) throw invalidOption(`${where}: keys`, 'a list of names', names)
  return names.flatMap((name: unknown) => {
    if (typeof name !== 'string') throw invalidOption(`${where}: keys`, "names, like 'node:key'", name)
    const ofNodes = [...realm.plans.values()].filter((plan) => name.startsWith(`${plan.name}:`))
    return [
      { plan: realm.plain, key: realm.plain.keys.full(name) },
      ...ofNodes.map((plan) => ({ plan, key: plan.keys.full(name.slice(plan.name.length + 1)) })),
    ]
  })
}

function nameOf(node: string | { readonly name: string }, where: string): string {
  const name: unknown = typeof node === 'string' ? node : node.name
  if (typeof name === 'string' && name !== '') return name
  throw invalidOption(`${where}: node`, 'a node or its name', node)
}
