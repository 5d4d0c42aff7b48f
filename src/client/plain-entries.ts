import type { Change, Removal } from '../core/change-tokens.ts'
import { invalidateKeys } from '../core/change.ts'
import type { LoadContext } from '../core/definition.ts'
import { type LifetimeOptions, resolveLifetime } from '../core/lifetime.ts'
import type { Plan } from '../core/plan.ts'
import type { KnownLabel } from '../core/reach/labels.ts'
import { type Ties, untied } from '../core/reach/reach.ts'
import { levelsOf, noMarkers } from '../core/reach/resolve-reach.ts'
import { globalScope, type ScopePath, type Scopes, type ScopeTree, stepsFromLevels } from '../core/reach/scopes.ts'
import { checkedTag, checkedTags } from '../core/reach/tags.ts'
import { hitNear, lookUp, read } from '../core/read.ts'
import { set } from '../core/set.ts'
import { straight } from '../core/straight.ts'
import type { Duration } from '../kernel/duration.ts'
import { CacheError } from '../kernel/errors.ts'
import { scopePart } from '../kernel/keys.ts'

/** Whose an entry without a node is. */
export interface ScopeOptions<Tree extends ScopeTree = ScopeTree> {
  /** A level of the cache's scopes and its value, and those above it. Part of the key. Default `'global'`: nobody's. */
  readonly scope?: ScopePath<Tree> | typeof globalScope | undefined
}

/** What reading an entry without a node may ask for. */
export interface ReadOptions<Tree extends ScopeTree = ScopeTree> extends ScopeOptions<Tree> {
  /** The token that a change has given, in whichever process, or several: nothing older than that is answered. */
  readonly after?: string | readonly string[] | undefined
}

/** How long an entry without a node lives, and what it can be named by besides its key. */
export interface SetOptions<Tree extends ScopeTree = ScopeTree>
  extends LifetimeOptions<string, unknown>, ScopeOptions<Tree> {
  /** What an invalidation can name besides the key. */
  readonly tags?: readonly string[] | undefined
}

/** What a {@link PlainEntries.getOrLoad} may ask for. */
export interface GetOrLoadOptions<Value, Tree extends ScopeTree = ScopeTree>
  extends LifetimeOptions<string, Value>, ReadOptions<Tree> {
  /** What an invalidation can name besides the key. */
  readonly tags?: readonly string[] | undefined
  /** Gives up waiting when aborted. */
  readonly signal?: AbortSignal | undefined
  /** How old the answer may be at most. */
  readonly maxAge?: Duration | undefined
}

/** Entries without a node: a key and a value, like a map's. */
export class PlainEntries {
  readonly #plan: Plan<string, unknown>
  readonly #scopes: Scopes

  constructor(plan: Plan<string, unknown>, scopes: Scopes) {
    this.#plan = plan
    this.#scopes = scopes
  }

  async get(params: string, options?: ReadOptions): Promise<unknown> {
    if (!this.#plan.enabled) return undefined
    const { key, levels } = this.#place(params, options, 'get')
    return lookUp(this.#plan, { key, params, ties: tie(levels, []), options: options && { after: options.after } })
  }

  async set(params: string, value: unknown, options?: SetOptions): Promise<Change> {
    const { key, levels } = this.#place(params, options, 'set')
    const ties = tie(levels, this.#tags(options, 'set'))
    await set(this.#plan, { key, params, lifetime: this.#lifetime(options, 'set'), ties }, value)
    return this.#plan.commons.tokens.tell({})
  }

  async getOrLoad(
    params: string,
    load: (context: LoadContext) => unknown,
    options: GetOrLoadOptions<unknown> = {},
  ): Promise<unknown> {
    const { key, levels } = this.#place(params, options, 'getOrLoad')
    const near = options.maxAge === undefined && options.after === undefined ? hitNear(this.#plan, key) : undefined
    if (near !== undefined) return near.value
    const perCall = {
      signal: options.signal,
      maxAge: options.maxAge,
      after: options.after,
      load: (_: string, context: LoadContext) => load(context),
    }
    if (!this.#plan.enabled) return straight(this.#plan, params, perCall)
    const lifetime = this.#lifetime(options, 'getOrLoad')
    const ties = tie(levels, this.#tags(options, 'getOrLoad'))
    return read(this.#plan, { key, params, options: perCall, lifetime, ties })
  }

  async delete(key: string, options?: ScopeOptions): Promise<Removal> {
    const existed = (await invalidateKeys(this.#plan, [this.#place(key, options, 'delete').key])) > 0
    return this.#plan.commons.tokens.tell({ existed })
  }

  #place(
    params: string,
    options: ScopeOptions | undefined,
    method: string,
  ): { readonly key: string; readonly levels: readonly KnownLabel[] } {
    const scope = options?.scope
    if (scope === undefined || scope === globalScope) return { key: this.#plan.keyOf(params), levels: [] }
    const steps = stepsFromLevels(this.#scopes, scope, `cache.${method}`)
    const { keys, labels } = this.#plan
    const reach = this.#reach(method)
    return { key: keys.fullIn(scopePart(steps), params), levels: levelsOf(steps, reach.keys.scope, labels) }
  }

  #tags(options: SetOptions | GetOrLoadOptions<unknown> | undefined, method: string): readonly KnownLabel[] {
    if (options?.tags === undefined) return []
    const tags = new Set(checkedTags(options.tags, `cache.${method}`))
    if (tags.size === 0) return []
    const { keys } = this.#reach(method)
    return [...tags].map((tag) => this.#plan.labels.of(keys.tag(checkedTag(tag, `cache.${method}`))))
  }

  #reach(method: string): NonNullable<Plan<string, unknown>['reach']> {
    const { reach, authority } = this.#plan
    if (reach !== undefined) return reach
    if (authority !== undefined) throw noMarkers(authority.channel, `cache.${method}`)
    throw new CacheError('UNSUPPORTED', `cache.${method}: tags and scopes have no place to be kept`)
  }

  #lifetime(options: LifetimeOptions<string, unknown> | undefined, method: string): Plan<string, unknown>['lifetime'] {
    if (options === undefined) return this.#plan.lifetime
    return resolveLifetime(options, `cache.${method}`, this.#plan.lifetime.ttlOf('', undefined))
  }
}

// Tags are told by the call; whoever reads the key alone has to be told them by the entry.
function tie(levels: readonly KnownLabel[], tags: readonly KnownLabel[]): Ties {
  if (levels.length === 0 && tags.length === 0) return untied
  return { known: levels, named: tags }
}
