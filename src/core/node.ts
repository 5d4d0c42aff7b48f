import { expireKeys, invalidateAll, invalidateKeys } from './change.ts'
import type { Change, Removal } from './change-tokens.ts'
import type { GetManyOptions, GetOptions, Load } from './definition.ts'
import { type EventSource, type ListenOptions, listenTo } from './invalidate-on.ts'
import { keysOf } from './list.ts'
import type { Off } from '../observe/events.ts'
import type { Plan } from './plan.ts'
import { refresh } from './fly.ts'
import { hitNear, lookUp, peek, read } from './read.ts'
import { set } from './set.ts'
import { type NodeStats, nodeStats, resetStats } from './stats.ts'
import { straight, straightMany } from './straight.ts'

/** Any node, whatever it caches. */
export interface AnyNode {
  readonly name: string
  /** What it caches; for the compiler alone. */
  readonly $types: { readonly params: unknown; readonly value: unknown }
  invalidateAll(): Promise<Change>
  keys(): AsyncIterable<string>
  stats(): NodeStats
  resetStats(): void
}

/** A node without a load: each call that may have to load brings its own. */
export interface LoadlessNode<Params, Value> extends Omit<CacheNode<Params, Value>, 'get' | 'getMany' | 'refresh'> {
  get(params: Params, options: GetOptions<Params, Value> & { readonly load: Load<Params, Value> }): Promise<Value>
  getMany(
    list: readonly Params[],
    options: GetManyOptions<Params, Value> &
      (
        | Required<Pick<GetManyOptions<Params, Value>, 'load'>>
        | Required<Pick<GetManyOptions<Params, Value>, 'loadMany'>>
      ),
  ): Promise<Value[]>
  refresh(params: Params, options: GetOptions<Params, Value> & { readonly load: Load<Params, Value> }): Promise<Value>
}

/** A definition at work: what is cached under one name, read and changed by its params. */
export class CacheNode<Params, Value> implements AnyNode {
  declare readonly $types: { readonly params: Params; readonly value: Value }
  readonly name: string
  readonly #plan: Plan<Params, Value>

  constructor(plan: Plan<Params, Value>) {
    this.name = plan.name
    this.#plan = plan
  }

  /**
   * The value of some params: from the nearest tier that has it, else loaded, once for all who ask meanwhile.
   *
   * @returns what was cached or loaded. A value from memory is the same object for every caller.
   * @throws what the load throws; CacheError `LOAD_TIMEOUT`; the reason of `options.signal`
   */
  get(params: Params, options?: GetOptions<Params, Value>): Promise<Value> {
    let key: string
    try {
      key = this.#plan.keyOf(params)
    } catch (error) {
      return Promise.reject(error)
    }
    const near = options === undefined ? hitNear(this.#plan, key) : undefined
    if (near !== undefined) return Promise.resolve(near.value)
    return this.#read(key, params, options)
  }

  /**
   * The values of many params, in the order asked, duplicates kept: one multi-get per remote tier, one `loadMany`.
   * @throws as {@link get}, if one of them fails
   */
  getMany(list: readonly Params[], options?: GetManyOptions<Params, Value>): Promise<Value[]> {
    if (!this.#plan.enabled) return straightMany(this.#plan, list, options)
    return Promise.all(list.map((params) => this.get(params, options)))
  }

  /** What {@link get} would be answered with at once, from memory. Not counted as a use. */
  peek(params: Params): Value | undefined {
    return this.#plan.enabled ? peek(this.#plan, this.#plan.keyOf(params)) : undefined
  }

  /**
   * Sets a value in every tier, as if it had just been loaded. A load under way may no longer write.
   * @returns the token of this change, for a `get` elsewhere
   * @throws CacheError `INVALID_OPTION` for `undefined`; `UNSERIALIZABLE`; `STORAGE_UNAVAILABLE`
   */
  async set(params: Params, value: Exclude<Value, undefined>): Promise<Change> {
    await set(this.#plan, { key: this.#plan.keyOf(params), params }, value)
    return this.#plan.commons.tokens.tell({})
  }

  /** Whether there is a value, in any tier. Never loads. */
  async has(params: Params): Promise<boolean> {
    if (!this.#plan.enabled) return false
    return (await lookUp(this.#plan, { key: this.#plan.keyOf(params), params })) !== undefined
  }

  /** Loads anew, whatever there is, and keeps it. What there was is served to others until then. */
  async refresh(params: Params, options?: GetOptions<Params, Value>): Promise<Value> {
    const key = this.#plan.keyOf(params)
    return this.#plan.enabled ? refresh(this.#plan, { key, params, options }) : straight(this.#plan, params, options)
  }

  /**
   * Makes the entry unusable, here and in every tier. When it resolves, no call returns a value whose load began before.
   * @returns whether there was one, and the token of this change, for a `get` elsewhere
   * @throws CacheError `STORAGE_UNAVAILABLE` if a tier did not confirm it: it holds in this process at once, and the tier is
   * told again before it is asked for anything
   */
  async invalidate(params: Params): Promise<Removal> {
    const existed = (await invalidateKeys(this.#plan, [this.#plan.keyOf(params)])) > 0
    return this.#plan.commons.tokens.tell({ existed })
  }

  /**
   * Makes the entry stale: served on the node's terms (`staleWhileRevalidate`, `staleIfError`) while one caller reloads.
   * @returns the token of this change, for a `get` elsewhere
   * @throws CacheError `STORAGE_UNAVAILABLE` if a tier could not be reached
   */
  async expire(params: Params): Promise<Change> {
    await expireKeys(this.#plan, [this.#plan.keyOf(params)])
    return this.#plan.commons.tokens.tell({})
  }

  /** {@link invalidate} for every key of the node. */
  async invalidateAll(): Promise<Change> {
    await invalidateAll(this.#plan)
    return this.#plan.commons.tokens.tell({})
  }

  /**
   * Invalidates what a source says has changed.
   *
   * @param source an event emitter or an EventTarget, with the name of its event, or an async iterable, a stream for example
   * @param map the params whose entries an item makes unusable: one, a list of them, or `undefined` for none
   * @returns what stops it. What fails is told by the event `invalidationFailure`.
   * @throws CacheError `INVALID_OPTION` for a source that can't be listened to
   * @example
   * const off = user.invalidateOn(bus, (change: { id: number }) => ({ userId: change.id }), { event: 'user-changed' })
   */
  invalidateOn<Item>(
    source: EventSource<Item>,
    map: (item: Item) => Params | readonly Params[] | undefined,
    options: ListenOptions = {},
  ): Off {
    const act = async (item: Item): Promise<void> => {
      const mapped = map(item)
      const list = Array.isArray(mapped) ? (mapped as readonly Params[]) : [mapped as Params | undefined]
      const keys = list.flatMap((params) => (params === undefined ? [] : [this.#plan.keyOf(params)]))
      if (keys.length > 0) await invalidateKeys(this.#plan, keys)
    }
    return listenTo(this.#plan.commons, source, act, options)
  }

  /**
   * The keys that are cached, from the last tier.
   * @throws CacheError `UNSUPPORTED` while iterating, where that tier can't list
   */
  keys(): AsyncIterable<string> {
    return keysOf(this.#plan)
  }

  /** What happened so far. */
  stats(): NodeStats {
    return nodeStats(this.#plan)
  }

  /** Starts counting anew. */
  resetStats(): void {
    resetStats(this.#plan)
  }

  #read(key: string, params: Params, options: GetOptions<Params, Value> | undefined): Promise<Value> {
    return this.#plan.enabled ? read(this.#plan, { key, params, options }) : straight(this.#plan, params, options)
  }
}
