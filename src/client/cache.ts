import type { TransactionClient } from '../clients/transaction-client.ts'
import type { Change, Removal } from '../core/change-tokens.ts'
import type { Commons } from '../core/commons.ts'
import type { Defaults, PlanParts } from '../core/defaults.ts'
import type { Definition, LoadContext, NodeOptions } from '../core/definition.ts'
import { type EventSource, type ListenOptions, listenTo } from '../core/invalidate-on.ts'
import type { CacheEvents } from '../core/events.ts'
import { type AnyNode, CacheNode, type LoadlessNode } from '../core/node.ts'
import type { Places, Plan } from '../core/plan.ts'
import { type ScopeName, type ScopeParams, type ScopeTree, globalScope } from '../core/reach/scopes.ts'
import { resolvePlan } from '../core/resolve-plan.ts'
import { type Changed, changeSelected } from '../core/select/change-selected.ts'
import { findNames } from '../core/select/find.ts'
import { purge } from '../core/select/purge.ts'
import { type Realm, resolveSelector, type Selection, type Selector } from '../core/select/selector.ts'
import type { AnyStorage, Storages } from '../core/storages.ts'
import { clearUnder } from '../core/tiers/local-tier.ts'
import { withDeadline } from '../flight/deadline.ts'
import { type Duration, parseDuration } from '../kernel/duration.ts'
import { CacheError, invalidOption } from '../kernel/errors.ts'
import { plainNode, prefixHead } from '../kernel/keys.ts'
import type { Off } from '../observe/events.ts'
import { type AfterCommit, afterCommit, type Committed, inTransaction } from './after-commit.ts'
import { type CacheStats, cacheStats } from './cache-stats.ts'
import { type StorageSync, storagesSync } from './storages-sync.ts'
import { memoized, memoizedDefinition, type MemoizedFunction, type MemoizeOptions } from './memoize.ts'
import { type BoundCall, boundCall, type MemoizedDecorator, memoizedDecorator } from './memoized-method.ts'
import {
  type GetOrLoadOptions,
  PlainEntries,
  type ReadOptions,
  type ScopeOptions,
  type SetOptions,
} from './plain-entries.ts'
import { clearStorages, closeStorages, openStorages } from '../core/whole-storages.ts'

/** A definition that can load. */
type LoadingOptions<Params, Value, StorageName extends string, Scope extends string> = NodeOptions<
  Params,
  Value,
  StorageName,
  Scope
> &
  (
    | Required<Pick<NodeOptions<Params, Value, StorageName, Scope>, 'load'>>
    | Required<Pick<NodeOptions<Params, Value, StorageName, Scope>, 'loadMany'>>
  )

/** No scopes. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type
export type NoScopes = Readonly<Record<never, never>>

/** What the scope of a definition needs: in its params, or told by a function. */
type Scoped<Tree extends ScopeTree, Params, Scope extends string> = [Scope] extends [typeof globalScope]
  ? unknown
  : Params extends ScopeParams<Tree, Scope>
    ? unknown
    : { readonly scopeParams: (params: Params) => ScopeParams<Tree, Scope> }

/** The same, of a function. */
type ScopedFunction<Tree extends ScopeTree, Arguments extends readonly unknown[], Scope extends string> = {
  readonly scope?: Scope | undefined
} & ([Scope] extends [typeof globalScope]
  ? unknown
  : { readonly scopeParams: (...parameters: Arguments) => ScopeParams<Tree, Scope> })

/** What a purge did. */
export interface Purged extends Change {
  /** Entries deleted, those in several storages once. */
  readonly entryCount: number
}

/** What `createCache` makes: definitions, entries without one, and everything about them all. */
export class Cache<StorageName extends string = never, Tree extends ScopeTree = NoScopes> {
  /**
   * A decorator that caches what a method answers, bare or with options. Each instance has entries of its own, in memory,
   * unless `self` says otherwise.
   *
   * @example
   * class Prices {
   *   \@cache.memoized({ ttl: '1m', self: 'class' })
   *   async average(symbol: string, days: number) { … }
   * }
   */
  readonly memoized: MemoizedDecorator<StorageName>
  readonly #commons: Commons
  readonly #storages: Storages
  readonly #defaults: Defaults
  readonly #nodes = new Map<string, AnyNode>()
  readonly #plans = new Map<string, Places<unknown>>()
  readonly #plainPlan: Plan<string, unknown>
  readonly #plain: PlainEntries
  #closing: Promise<void> | undefined

  /** Use `createCache`. */
  constructor(parts: PlanParts) {
    this.#commons = parts.commons
    this.#storages = parts.storages
    this.#defaults = parts.defaults
    tellOfSettled(parts)
    this.#plainPlan = resolvePlan({ name: plainNode, key: (key: string) => key }, parts)
    this.#plain = new PlainEntries(this.#plainPlan, parts.defaults.scopes)
    this.memoized = memoizedDecorator({
      keys: this.#defaults.keys,
      define: (options, where) =>
        this.#define(where === 'anywhere' ? options : { ...options, tiers: this.#memoryOf(options) }),
    })
  }

  /**
   * Defines what is cached under a name.
   *
   * @throws CacheError `INVALID_OPTION` that says what was expected, what came, and where
   * @example
   * const user = cache.node({
   *   name: 'user',
   *   key: (params: { id: number }) => params.id,
   *   load: ({ id }, { signal }) => db.users.find(id, { signal }),
   *   ttl: '1h',
   *   staleWhileRevalidate: '10m',
   * })
   */
  node<Params = void, Value = unknown, Scope extends ScopeName<Tree> | typeof globalScope = typeof globalScope>(
    options: LoadingOptions<Params, Value, StorageName, Scope> & Scoped<Tree, Params, Scope>,
  ): CacheNode<Params, Value>
  /** Defines what is cached under a name, of which each call brings its own load. */
  node<Params = void, Value = unknown, Scope extends ScopeName<Tree> | typeof globalScope = typeof globalScope>(
    options: NodeOptions<Params, Value, StorageName, Scope> & Scoped<Tree, Params, Scope>,
  ): LoadlessNode<Params, Value>
  node<Params, Value>(options: Definition<Params, Value>): CacheNode<Params, Value> {
    return this.#define(options)
  }

  /**
   * Caches what a function answers.
   *
   * @param call the function; its arguments make the key, unless a `key` is given
   * @throws CacheError `INVALID_OPTION`
   * @example
   * const quote = cache.memoize(fetchQuote, { ttl: '5s', key: (symbol) => symbol })
   * await quote('AAPL')
   * await quote.invalidate('AAPL')
   */
  memoize<
    Arguments extends readonly unknown[],
    Value,
    Scope extends ScopeName<Tree> | typeof globalScope = typeof globalScope,
  >(
    call: (...parameters: Arguments) => Value | PromiseLike<Value>,
    options?: MemoizeOptions<Arguments, Value, StorageName> & ScopedFunction<Tree, NoInfer<Arguments>, Scope>,
  ): MemoizedFunction<Arguments, Value>
  memoize<Arguments extends readonly unknown[], Value>(
    call: (...parameters: Arguments) => Value | PromiseLike<Value>,
    options: MemoizeOptions<Arguments, Value> = {},
  ): MemoizedFunction<Arguments, Value> {
    const name = options.name ?? this.#nameOf(call)
    return memoized(this.#define(memoizedDefinition(call, name, options, this.#defaults.keys)))
  }

  /**
   * The entries of one instance's memoized method.
   * @example
   * await cache.call(prices, 'average').invalidate('AAPL', 30)
   */
  call<This extends object, Name extends keyof This>(
    self: This,
    method: Name,
  ): This[Name] extends (...parameters: infer Arguments extends unknown[]) => Promise<infer Value>
    ? BoundCall<Arguments, Value>
    : never
  call(self: object, method: PropertyKey): unknown {
    return boundCall(self, method)
  }

  /** The value set or loaded under a key, `undefined` where there is none. Never loads. */
  get<Value = unknown>(key: string, options?: ReadOptions<Tree>): Promise<Value | undefined> {
    return this.#plain.get(key, options) as Promise<Value | undefined>
  }

  /**
   * Sets a value in every tier.
   * @returns the token of this change, for a `get` elsewhere
   * @throws CacheError `INVALID_OPTION` for `undefined`; `UNSERIALIZABLE`; `STORAGE_UNAVAILABLE`
   */
  set<Value>(key: string, value: Exclude<Value, undefined>, options?: SetOptions<Tree>): Promise<Change> {
    return this.#plain.set(key, value, options)
  }

  /** The value under a key, loaded if there is none: once for all who ask meanwhile. */
  getOrLoad<Value>(
    key: string,
    load: (context: LoadContext) => Value | PromiseLike<Value>,
    options?: GetOrLoadOptions<Value, Tree>,
  ): Promise<Value> {
    return this.#plain.getOrLoad(key, load, options as GetOrLoadOptions<unknown>) as Promise<Value>
  }

  /** Deletes what is under a key, from every tier. @returns whether there was something, and the token of this change */
  delete(key: string, options?: ScopeOptions<Tree>): Promise<Removal> {
    return this.#plain.delete(key, options)
  }

  /** Whether there is something under a key. */
  async has(key: string, options?: ScopeOptions<Tree>): Promise<boolean> {
    return (await this.#plain.get(key, options)) !== undefined
  }

  /**
   * Deletes everything under this cache's prefix, from every storage: nodes' entries and others. Nothing else. With a
   * scope, everything in it, as {@link purge} does.
   * @returns the token of this change, for a `get` elsewhere
   */
  async clear(options?: ScopeOptions<Tree>): Promise<Change> {
    if (options?.scope !== undefined && options.scope !== globalScope) {
      await this.purge({ scope: options.scope })
      return this.#commons.tokens.tell({})
    }
    this.#commons.refuseIfClosed()
    const plans = [this.#plainPlan, ...this.#plans.values()]
    await clearStorages(this.#commons, this.#storages, prefixHead(this.#defaults.prefix), plans)
    return this.#commons.tokens.tell({})
  }

  /**
   * Makes everything that is selected unusable, in this process at once and in every storage. What carries a tag or is in
   * a scope needs not be found for that: it takes two commands, however much it is. When it resolves, no call returns a
   * value whose load began before, and no such load can write.
   *
   * @param selector whatever is named is meant: `{ tags: ['a', 'b'] }` is what carries either
   * @returns what was done
   * @throws CacheError `INVALID_OPTION`; `STORAGE_UNAVAILABLE` if a storage could not be reached; `UNSUPPORTED` for a
   * pattern, where a storage can't list
   * @example
   * await cache.invalidate({ tags: ['team:7'] })
   * await cache.invalidate({ pattern: 'user-info:*', keys: ['rates'] })
   */
  async invalidate(selector: Selector<Tree>): Promise<Changed> {
    return this.#change(selector, 'invalidate')
  }

  /**
   * Makes everything that is selected stale: served on its node's terms while one caller reloads.
   * @returns what was done
   * @throws as {@link invalidate}, and `UNSUPPORTED` for a node too, where a storage can't list
   */
  async expire(selector: Selector<Tree>): Promise<Changed> {
    return this.#change(selector, 'expire')
  }

  /**
   * Makes everything that is selected unusable, as {@link invalidate} does, and then deletes it from the storages that can
   * list their keys, which takes the longer the more there is.
   * @returns how many entries were deleted, and the token of this change
   * @throws as {@link invalidate}
   */
  async purge(selector: Selector<Tree>): Promise<Purged> {
    this.#commons.refuseIfClosed()
    const entryCount = await purge(this.#realm, this.#resolve(selector, 'purge'))
    this.#tell('invalidate')
    return this.#commons.tokens.tell({ entryCount })
  }

  /**
   * The names of all entries that are selected: `node:key`, or the key alone of those without a node. Of a pattern, a node
   * and keys, entries may be among them that a tag or a scope has made unusable, and that still lie there.
   * @throws CacheError `INVALID_OPTION`; while iterating `UNSUPPORTED` where a storage can't list; `STORAGE_UNAVAILABLE`
   */
  find(selector: Selector<Tree>): AsyncIterable<string> {
    this.#commons.refuseIfClosed()
    return findNames(this.#realm, this.#resolve(selector, 'find'))
  }

  /**
   * Invalidates what a source says has changed.
   *
   * @param source an event emitter or an EventTarget, with the name of its event, or an async iterable, a stream for example
   * @param map what an item makes unusable: a selector, a list of them, or `undefined` for nothing
   * @returns what stops it. What fails is told by the event `invalidationFailure`.
   * @throws CacheError `INVALID_OPTION` for a source that can't be listened to
   * @example
   * const off = cache.invalidateOn(client, (message: { payload: string }) => ({ tags: [message.payload] }), {
   *   event: 'notification',
   * })
   */
  invalidateOn<Item>(
    source: EventSource<Item>,
    map: (item: Item) => Selector<Tree> | readonly Selector<Tree>[] | undefined,
    options: ListenOptions = {},
  ): Off {
    const act = async (item: Item): Promise<void> => {
      const mapped = map(item)
      if (mapped === undefined) return
      const selectors = Array.isArray(mapped) ? (mapped as readonly Selector<Tree>[]) : [mapped as Selector<Tree>]
      await Promise.all(selectors.map((selector) => this.invalidate(selector)))
    }
    return listenTo(this.#commons, source, act, options)
  }

  /**
   * Notes invalidations until a transaction has been committed, for those who run one some other way than
   * {@link invalidateAfterCommit} does. An invalidation before the commit would be followed by loads of what was before.
   *
   * @example
   * const later = cache.afterCommit()
   * await db.transaction(async (tx) => {
   *   await tx.update(…)
   *   later.invalidate({ tags: ['team:7'] })
   * })
   * await later.commit()
   */
  afterCommit(): AfterCommit<Tree> {
    this.#commons.refuseIfClosed()
    return afterCommit<Tree>({
      prepare: (selector, kind) => {
        const selection = this.#resolve(selector, `afterCommit: ${kind}`)
        return () => this.#changeSelection(selection, kind)
      },
      tell: (counts) => this.#commons.tokens.tell(counts),
    })
  }

  /**
   * Runs a transaction, and invalidates what was noted in it once it has been committed; also where nobody can know whether
   * it was, because the connection was lost at its COMMIT. If it was rolled back nothing is invalidated.
   *
   * @param client a connection of its own, in no transaction yet: a `Client` of `pg`, or one that a pool has lent
   * @param work does what belongs into the transaction, and notes what that makes out of date
   * @returns what the work answered, and what was invalidated
   * @throws what the work throws, after a rollback; what the COMMIT throws; CacheError `STORAGE_UNAVAILABLE` that says so if
   * it was committed and could not be invalidated everywhere
   * @example
   * await cache.invalidateAfterCommit(client, async (later) => {
   *   await client.query('UPDATE users SET name = $1 WHERE id = $2', ['Ada', 7])
   *   later.invalidate(user, { id: 7 })
   * })
   */
  async invalidateAfterCommit<Result>(
    client: TransactionClient,
    work: (later: AfterCommit<Tree>) => Result | PromiseLike<Result>,
  ): Promise<Committed<Result>> {
    return inTransaction(client, this.afterCommit(), work)
  }

  /** What has been defined so far, memoized functions and methods too, by name. */
  nodes(): ReadonlyMap<string, AnyNode> {
    return this.#nodes
  }

  /** The storages, by name. */
  storages(): ReadonlyMap<string, AnyStorage> {
    return this.#storages.all
  }

  /** What happened so far, in sum and by node. */
  stats(): CacheStats {
    return cacheStats(this.#plans, this.#plainPlan, this.#storages)
  }

  /**
   * How the copies in this process stand to what others change, by the name of each storage outside it.
   * @example
   * cache.sync()['shared']?.state // 'synchronised', 'blind', …
   */
  sync(): Readonly<Record<string, StorageSync>> {
    return storagesSync(this.#storages)
  }

  /** Listens. @returns what stops it */
  on<Name extends keyof CacheEvents>(name: Name, listener: (event: CacheEvents[Name]) => void): Off {
    return this.#commons.events.on(name, listener)
  }

  /**
   * Opens every storage now, rather than at the first call that needs it.
   * @throws CacheError that names each that could not be opened, and why
   */
  open(): Promise<void> {
    return openStorages(this.#commons, this.#storages)
  }

  /** Resolves when nothing is under way: no load, no write behind an answer, no refresh. */
  idle(): Promise<void> {
    return this.#commons.background.idle()
  }

  /**
   * Lets what is under way come to its end, and closes the storages. Afterwards every call fails with `CLOSED`.
   * @param options `within`: how long to wait for loads; default 5 s. What still runs then is left to its own limits.
   */
  close(options: { readonly within?: Duration } = {}): Promise<void> {
    const within = parseDuration(options.within ?? '5s', 'close: within')
    this.#closing ??= this.#close(within)
    return this.#closing
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(within: number): Promise<void> {
    const { background, clock, flights, lookups, sets } = this.#commons
    const head = prefixHead(this.#defaults.prefix)
    this.#commons.close()
    await withDeadline(background.idle(), within, clock, () => new Error('still busy')).catch(() => {})
    // What still runs has nowhere to write.
    flights.breakUnder(head)
    lookups.breakUnder(head)
    sets.breakUnder(head)
    for (const storage of this.#storages.locals) clearUnder(storage, head)
    await closeStorages(this.#commons, this.#storages)
  }

  get #realm(): Realm {
    return {
      commons: this.#commons,
      storages: this.#storages,
      defaults: this.#defaults,
      plans: this.#plans,
      plain: this.#plainPlan,
    }
  }

  #resolve(selector: Selector<Tree>, method: string): Selection {
    return resolveSelector(selector, this.#realm, `cache.${method}`)
  }

  async #change(selector: Selector<Tree>, kind: 'invalidate' | 'expire'): Promise<Changed> {
    this.#commons.refuseIfClosed()
    return this.#changeSelection(this.#resolve(selector, kind), kind)
  }

  async #changeSelection(selection: Selection, kind: 'invalidate' | 'expire'): Promise<Changed> {
    const changed = await changeSelected(this.#realm, selection, kind)
    this.#tell(kind)
    return changed
  }

  #tell(kind: 'invalidate' | 'expire'): void {
    const { events } = this.#commons
    if (events.wanted.invalidate) events.emit('invalidate', { node: undefined, key: undefined, kind })
  }

  #define<Params, Value>(options: Definition<Params, Value>): CacheNode<Params, Value> {
    const parts = { commons: this.#commons, storages: this.#storages, defaults: this.#defaults }
    if (options.name === plainNode) throw invalidOption('node: name', `another name than ${plainNode}`, options.name)
    const plan = resolvePlan(options, parts)
    if (this.#plans.has(plan.name)) {
      throw invalidOption(`node '${plan.name}'`, 'a name that no other node of this cache has', plan.name)
    }
    const node = new CacheNode(plan)
    this.#plans.set(plan.name, plan)
    this.#nodes.set(plan.name, node)
    return node
  }

  // No two anonymous functions share entries, and none shares them with another process's.
  #nameOf(call: (...parameters: never) => unknown): string {
    if (call.name !== '') return call.name
    if (this.#storages.channels.size > 0) {
      throw invalidOption(
        'memoize: name',
        'a name for an anonymous function, so that other processes find its entries',
        call,
      )
    }
    return `anonymous-${this.#plans.size + 1}`
  }

  #memoryOf<Params, Value>(options: Definition<Params, Value>): NonNullable<Defaults['tiers']> {
    const names = [...this.#storages.all].flatMap(([storage, { kind }]) => (kind === 'private' ? [{ storage }] : []))
    const tiers = (options.tiers ?? this.#defaults.tiers ?? names).filter(
      ({ storage }) => this.#storages.all.get(storage)?.kind === 'private',
    )
    if (tiers.length > 0 && (options.tiers === undefined || tiers.length === options.tiers.length)) return tiers
    throw new CacheError(
      'INVALID_OPTION',
      `@memoized '${options.name}': entries of an instance can only be kept in memory: name a memory tier, or say whose they are with self`,
    )
  }
}

function tellOfSettled({ commons: { events }, storages }: PlanParts): void {
  for (const channel of storages.channels.values()) {
    channel.onSettled = (counts) => {
      if (events.wanted.settled) events.emit('settled', { storage: channel.name, ...counts })
    }
  }
}
