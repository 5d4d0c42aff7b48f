import type { MarkerKeys } from '../../kernel/marker-keys.ts'
import type { KnownLabel, Labels } from './labels.ts'
import { checkedTag, checkedTags, type Tags } from './tags.ts'

/** What an entry is to be made under, as far as it is known before its load. */
export interface Ties {
  /** What every reader of the key knows of it, always in the same order. */
  readonly known: readonly KnownLabel[]
  /** What only this call knows; an entry names it to its readers. */
  readonly named: readonly KnownLabel[]
}

/** No tag and no scope. */
export const untied: Ties = Object.freeze({ known: Object.freeze([]), named: Object.freeze([]) })

// So many labels a node has at hand, so that the tags it meets all the time cost it one look.
const mostRecent = 1_000

/** How the entries of a node can be reached by what invalidates many at once. */
export interface Reach<Params, Value> {
  readonly keys: MarkerKeys
  /** Changes before any tag does. */
  readonly generation: KnownLabel
  /** @throws CacheError `INVALID_OPTION`, or what the node's functions throw */
  tiesOf(params: Params): Ties
  /** Whether tags are expected that only the value tells. */
  readonly expectsLate: boolean
  /** The tags that only the value tells. @throws as {@link tiesOf} */
  lateOf(params: Params, value: Value, ties: Ties): readonly KnownLabel[]
}

/** Makes a reach. @param options `levels`: the labels of the scope that the params are in */
export function reachOf<Params, Value>(options: {
  readonly keys: MarkerKeys
  readonly labels: Labels
  readonly tags: Tags<Params, Value> | undefined
  readonly levels: ((params: Params) => readonly KnownLabel[]) | undefined
  readonly where: string
}): Reach<Params, Value> {
  const { keys, labels, tags = [], levels, where } = options
  const generation = labels.of(keys.generation)
  const recent = new Map<string, KnownLabel>()
  const labelOf = (tag: string): KnownLabel => {
    if (recent.size === mostRecent) recent.clear()
    const label = labels.of(keys.tag(checkedTag(tag, where)))
    recent.set(tag, label)
    return label
  }
  const labelsOf = (names: readonly string[]): KnownLabel[] => {
    const own: KnownLabel[] = []
    for (const tag of checkedTags(names, where)) {
      const label = recent.get(tag) ?? labelOf(tag)
      if (!own.includes(label)) own.push(label)
    }
    return own
  }

  if (typeof tags !== 'function') {
    const always = labelsOf(tags)
    const fixed: Ties = { known: sorted(always), named: [] }
    return {
      keys,
      generation,
      tiesOf:
        levels === undefined ? () => fixed : (params) => ({ known: sorted([...levels(params), ...always]), named: [] }),
      expectsLate: false,
      lateOf: () => [],
    }
  }
  // A function of two parameters wants the value. One that gets at it in another way is found out after the load.
  const before: (params: Params) => readonly KnownLabel[] =
    tags.length > 1 ? () => [] : (params) => labelsOf((tags as (params: Params) => readonly string[])(params))
  return {
    keys,
    generation,
    tiesOf: (params) => ({ known: sorted([...(levels?.(params) ?? []), ...before(params)]), named: [] }),
    expectsLate: tags.length > 1,
    lateOf: (params, value, { known }) => labelsOf(tags(params, value)).filter((label) => !known.includes(label)),
  }
}

function sorted(labels: readonly KnownLabel[]): readonly KnownLabel[] {
  return labels.toSorted((a, b) => a.order - b.order || (a.key < b.key ? -1 : 1))
}
