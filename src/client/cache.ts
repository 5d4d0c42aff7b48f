import type { Commons } from '../core/commons.ts'
import type { Defaults, PlanParts } from '../core/defaults.ts'
import type { LoadContext, NodeOptions } from '../core/definition.ts'
import type { CacheEvents } from '../core/events.ts'
import { type AnyNode, CacheNode, type LoadlessNode } from '../core/node.ts'
import type { AnyPlan, Plan } from '../core/plan.ts'
import { resolvePlan } from '../core/resolve-plan.ts'
import type { AnyStorage, Storages } from '../core/storages.ts'
import { clearUnder } from '../core/tiers/local-tier.ts'
import { withDeadline } from '../flight/deadline.ts'
import { type Duration, parseDuration } from '../kernel/duration.ts'
import { CacheError, invalidOption } from '../kernel/errors.ts'
import { plainNode, prefixHead } from '../kernel/keys.ts'
import type { Off } from '../observe/events.ts'
import { type CacheStats, cacheStats } from './cache-stats.ts'
import { type StorageSync, storagesSync } from './storages-sync.ts'
import { memoized, memoizedDefinition, type MemoizedFunction, type MemoizeOptions } from './memoize.ts'
import { type BoundCall, boundCall, type MemoizedDecorator, memoizedDecorator } from './memoized-method.ts'
import { type GetOrLoadOptions, PlainEntries, type SetOptions } from './plain-entries.ts'
import { clearStorages, closeStorages, openStorages } from './whole-storages.ts'

/** A definition that can load. */
type LoadingOptions<Params, Value, StorageName extends string> = NodeOptions<Params, Value, StorageName> &
  (
    | Required<Pick<NodeOptions<Params, Value, StorageName>, 'load'>>
    | Required<Pick<NodeOptions<Params, Value, StorageName>, 'loadMany'>>
  )

/** What `createCache` makes: definitions, entries without one, and everything about them all. */
export class Cache<StorageName extends string = never> {
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
  readonly #plans = new Map<string, AnyPlan>()
  readonly #plainPlan: Plan<string, unknown>
  readonly #plain: PlainEntries
  #closing: Promise<void> | undefined

  /** Use `createCache`. */
  constructor(parts: PlanParts) {
    this.#commons = parts.commons
    this.#storages = parts.storages
    this.#defaults = parts.defaults
    this.#plainPlan = resolvePlan({ name: plainNode, key: (key: string) => key }, parts)
    this.#plain = new PlainEntries(this.#plainPlan)
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
  node<Params = void, Value = unknown>(options: LoadingOptions<Params, Value, StorageName>): CacheNode<Params, Value>
  /** Defines what is cached under a name, of which each call brings its own load. */
  node<Params = void, Value = unknown>(options: NodeOptions<Params, Value, StorageName>): LoadlessNode<Params, Value>
  node<Params, Value>(options: NodeOptions<Params, Value>): CacheNode<Params, Value> {
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
  memoize<Arguments extends readonly unknown[], Value>(
    call: (...parameters: Arguments) => Value | PromiseLike<Value>,
    options: MemoizeOptions<Arguments, Value, StorageName> = {},
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
  get<Value = unknown>(key: string): Promise<Value | undefined> {
    return this.#plain.get(key) as Promise<Value | undefined>
  }

  /**
   * Sets a value in every tier.
   * @throws CacheError `INVALID_OPTION` for `undefined`; `UNSERIALIZABLE`; `STORAGE_UNAVAILABLE`
   */
  set<Value>(key: string, value: Exclude<Value, undefined>, options?: SetOptions): Promise<void> {
    return this.#plain.set(key, value, options)
  }

  /** The value under a key, loaded if there is none: once for all who ask meanwhile. */
  getOrLoad<Value>(
    key: string,
    load: (context: LoadContext) => Value | PromiseLike<Value>,
    options?: GetOrLoadOptions<Value>,
  ): Promise<Value> {
    return this.#plain.getOrLoad(key, load, options as GetOrLoadOptions<unknown>) as Promise<Value>
  }

  /** Deletes what is under a key, from every tier. @returns whether there was something */
  delete(key: string): Promise<boolean> {
    return this.#plain.delete(key)
  }

  /** Whether there is something under a key. */
  async has(key: string): Promise<boolean> {
    return (await this.#plain.get(key)) !== undefined
  }

  /** Deletes everything under this cache's prefix, from every storage: nodes' entries and others. Nothing else. */
  async clear(): Promise<void> {
    this.#commons.refuseIfClosed()
    const plans = [this.#plainPlan, ...this.#plans.values()]
    await clearStorages(this.#commons, this.#storages, prefixHead(this.#defaults.prefix), plans)
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
   * cache.sync().shared.state // 'synchronised', 'blind', …
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

  #define<Params, Value>(options: NodeOptions<Params, Value>): CacheNode<Params, Value> {
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

  #memoryOf<Params, Value>(options: NodeOptions<Params, Value>): NonNullable<Defaults['tiers']> {
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
