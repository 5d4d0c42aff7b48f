import { prefixHead } from '../../kernel/keys.ts'
import type { Change } from '../change-tokens.ts'
import { expireKeys, invalidateKeys } from '../change.ts'
import { changeLabels } from '../reach/change-labels.ts'
import { changeMatching } from './change-matching.ts'
import { clearStorages } from '../whole-storages.ts'
import { matchAll, matchNode, matchPattern } from './match.ts'
import { markersOf, type Realm, type Selection } from './selector.ts'

/** What an invalidation by selector did. */
export interface Changed extends Change {
  /** Entries that were found by name and deleted or made stale, as far as that was counted. */
  readonly entryCount: number
  /** Tags and scopes changed, each once however much carries it. */
  readonly labelCount: number
}

/**
 * Makes everything that is selected unusable, or stale. Everything is cut off in this process when it is called, and
 * every part is tried, whatever becomes of the others.
 * @throws CacheError `STORAGE_UNAVAILABLE`; `UNSUPPORTED` for a pattern, where a storage can't list
 */
export async function changeSelected(
  realm: Realm,
  selection: Selection,
  kind: 'invalidate' | 'expire',
): Promise<Changed> {
  const { commons, storages, defaults } = realm
  const { markerKeys } = defaults
  const counting: Promise<number>[] = []
  if (selection.everything) {
    counting.push(kind === 'invalidate' ? clearAll(realm).then(() => 0) : changeMatching(realm, matchAll(realm), kind))
  }
  const labels = markersOf(selection, realm)
  const { node, pattern, keys } = selection
  const scopedNodes = node !== undefined && mayBeScoped(realm, node) ? [markerKeys.node(node)] : []
  const changed = [...labels, ...scopedNodes]
  if (changed.length > 0) {
    const generation = selection.tags.length > 0 ? markerKeys.generation : undefined
    counting.push(changeLabels(commons, storages, { keys: changed, generation }, kind).then(() => 0))
  }
  const change = kind === 'invalidate' ? invalidateKeys : expireKeys
  for (const place of new Set(keys.map(({ plan }) => plan))) {
    const own = keys.filter(({ plan }) => plan === place)
    counting.push(
      change(
        place,
        own.map(({ key }) => key),
      ),
    )
  }
  if (node !== undefined) counting.push(changeMatching(realm, matchNode(node, realm), kind))
  if (pattern !== undefined) counting.push(changeMatching(realm, matchPattern(pattern, realm), kind))

  const outcomes = await Promise.allSettled(counting)
  let entryCount = 0
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') throw outcome.reason
    entryCount += outcome.value
  }
  return commons.tokens.tell({ entryCount, labelCount: labels.length })
}

function clearAll({ commons, storages, defaults, plain, plans }: Realm): Promise<void> {
  return clearStorages(commons, storages, prefixHead(defaults.prefix), [plain, ...plans.values()])
}

// A node that only other processes define may be in a scope, if there are any.
function mayBeScoped({ plans, defaults }: Realm, node: string): boolean {
  if (Object.keys(defaults.scopes.tree).length === 0) return false
  return plans.get(node)?.wholeReach !== undefined || !plans.has(node)
}
