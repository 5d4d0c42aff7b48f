import { CacheError, invalidOption } from '../../kernel/errors.ts'
import { plainNode, type ScopeStep, scopePart } from '../../kernel/keys.ts'
import type { PlanParts } from '../defaults.ts'
import type { Definition } from '../definition.ts'
import type { Channel } from '../tiers/channel.ts'
import type { RemoteTier } from '../tiers/remote-tier.ts'
import { changeLabels } from './change-labels.ts'
import type { KnownLabel, Labels } from './labels.ts'
import { type Reach, reachOf } from './reach.ts'
import { globalScope, stepsFromParams } from './scopes.ts'

/** What a definition says of tags and scopes, resolved. */
export interface ResolvedReach<Params, Value> {
  readonly reach: Reach<Params, Value> | undefined
  /** Makes everything of the node that is in a scope unusable or stale. Absent where there is none. */
  readonly wholeReach: ((kind: 'invalidate' | 'expire') => Promise<unknown>) | undefined
  /** The scope's part of a key. Absent where there is none. */
  readonly scopeOf: ((params: Params) => string) | undefined
}

/**
 * Resolves the tags and the scope of a definition.
 * @throws CacheError `INVALID_OPTION`; `UNSUPPORTED` where the authority can't keep markers
 */
export function resolveReach<Params, Value>(
  options: Definition<Params, Value>,
  { defaults, commons, storages }: PlanParts,
  place: { readonly authority: RemoteTier<Value> | undefined; readonly labels: Labels; readonly where: string },
): ResolvedReach<Params, Value> {
  const { scope, scopeParams, tags, name } = options
  const { authority, labels, where } = place
  const { markerKeys: keys, scopes } = defaults
  if (tags !== undefined && typeof tags !== 'function' && !Array.isArray(tags)) {
    throw invalidOption(`${where}: tags`, 'a list of texts, or a function that makes one', tags)
  }
  const isScoped = scope !== undefined && scope !== globalScope
  if (!isScoped && scopeParams !== undefined) throw invalidOption(`${where}: scopeParams`, 'a scope beside it', scope)
  const isPlain = name === plainNode
  if (!isScoped && tags === undefined && !isPlain) return unreached
  if (authority !== undefined && !authority.channel.markers) {
    if (isPlain) return unreached
    throw noMarkers(authority.channel, where)
  }
  if (!isScoped) return { ...unreached, reach: reachOf({ keys, labels, tags, levels: undefined, where }) }

  const path = scopes.pathTo(scope, where)
  const stepsOf = (params: Params): ScopeStep[] =>
    stepsFromParams(path, scopeParams === undefined ? params : scopeParams(params), where)
  // All of a node's entries in scopes: their keys have no beginning in common by which they could be cleared.
  const whole = labels.of(keys.node(name))
  const levels = (params: Params): KnownLabel[] => [...levelsOf(stepsOf(params), keys.scope, labels), whole]
  return {
    reach: reachOf({ keys, labels, tags, levels, where }),
    wholeReach: (kind) => changeLabels(commons, storages, { keys: [whole.key], generation: undefined }, kind),
    scopeOf: (params) => scopePart(stepsOf(params)),
  }
}

const unreached = Object.freeze({ reach: undefined, wholeReach: undefined, scopeOf: undefined })

/** The labels of a scope: one for each level. */
export function levelsOf(
  steps: readonly ScopeStep[],
  keyOf: (path: readonly ScopeStep[]) => string,
  labels: Labels,
): KnownLabel[] {
  return steps.map((_, index) => labels.of(keyOf(steps.slice(0, index + 1))))
}

/** The error for tags or a scope where nobody can keep their versions. */
export function noMarkers({ name, storage }: Channel, where: string): CacheError {
  return new CacheError(
    'UNSUPPORTED',
    `${where}: tags and scopes need a last tier that keeps their versions, and storage '${name}' (a ${storage.type} storage) can't`,
  )
}
