import type { Serializer } from '../contracts/serializer.ts'
import type { Duration } from '../kernel/duration.ts'
import type { LifetimeOptions } from './lifetime.ts'
import type { globalScope, ScopeValue } from './reach/scopes.ts'
import type { Tags } from './reach/tags.ts'

/** What a load is given besides its params. */
export interface LoadContext {
  /** Aborted when the load passes its hard limit, or when every caller has gone. */
  readonly signal: AbortSignal
}

/** Gets a value from its source. `undefined` means that there is none: it is answered, and not cached. */
export type Load<Params, Value> = (params: Params, context: LoadContext) => Value | PromiseLike<Value>

/**
 * Gets many values from their source at once. Answers in the order asked: `undefined` where there is none, an `Error`
 * for a key that failed, which harms only that key.
 */
export type LoadMany<Params, Value> = (
  list: readonly Params[],
  context: LoadContext,
) => PromiseLike<readonly (Value | Error | undefined)[]> | readonly (Value | Error | undefined)[]

/** A storage as a tier. */
export interface TierOptions<StorageName extends string = string> {
  /** Name of the storage, as given to the cache. */
  readonly storage: StorageName
  /**
   * On the last tier: how long values are fresh, where the node doesn't say. On the tiers above it, which hold copies: how
   * long a copy answers before the tier below is asked again (default 30 s above a remote tier). `null`: for ever.
   */
  readonly ttl?: Duration | null | undefined
  /** How long a call to the storage may take. Default 1 s. Has no meaning for memory. */
  readonly timeLimit?: Duration | undefined
}

/** Limits of a node's loads. */
export interface LimitOptions {
  /** After so long a stale value is served if there is one, and the load goes on behind. Default: never. */
  readonly soft?: Duration | undefined
  /** After so long the load is aborted and its callers get `LOAD_TIMEOUT`. Default 30 s. */
  readonly hard?: Duration | undefined
  /** Most loads at once; the others wait. Default: no limit. */
  readonly concurrency?: number | undefined
  /** Most loads that passed their hard limit and still run; above it new loads fail with `LOAD_OVERLOADED`. Default 100. */
  readonly detached?: number | undefined
}

/** How processes agree on who loads. Only where the last tier can lease. */
export interface LeaseOptions {
  /** How long a lease lasts if its holder dies; it is renewed while the load runs. Default 10 s. */
  readonly ttl?: Duration | undefined
  /** How long to wait for another holder's result before loading without writing. Default 5 s. */
  readonly wait?: Duration | undefined
  /** How often to look meanwhile. Default 50 ms. */
  readonly retryEvery?: Duration | undefined
}

/** What may be said for a cache as a whole, and otherwise by each node. */
export interface SharedOptions<StorageName extends string = string> {
  /** The places to look in, in this order; memory comes first. Default: all storages, in the order they were named. */
  readonly tiers?: readonly TierOptions<StorageName>[] | undefined
  /** Turns values into bytes for tiers outside memory. Default `json()`. */
  readonly serializer?: Serializer | undefined
  readonly limits?: LimitOptions | undefined
  readonly lease?: LeaseOptions | undefined
  /** `false`: straight through; nothing is read or written, and invalidations still go out. Default `true`. */
  readonly enabled?: boolean | undefined
}

/** Everything about a node but how it loads. */
export interface NodeTerms<Params, Value, StorageName extends string = string>
  extends SharedOptions<StorageName>, LifetimeOptions<Params, Value> {
  /** Unique in the cache, and part of every key. */
  readonly name: string
  /** Part of every key: changing it abandons the old entries. */
  readonly version?: string | undefined
  /**
   * What tells entries of this node apart. It is its author's word: equal keys are equal entries.
   * Default: made from the params by the cache's `keys`.
   */
  readonly key?: ((params: Params) => string | number) | undefined
  /**
   * What an invalidation can name besides the key: a list, or made from the params, or from params and value. Every
   * text of up to 256 characters is a tag; an entry has 128 at most.
   */
  readonly tags?: Tags<Params, Value> | undefined
  /** Most keys one `loadMany` is asked for. Default 1,000. */
  readonly maxBatch?: number | undefined
}

/** Whose a node's entries are. */
interface ScopeTerms<Params, Scope extends string = typeof globalScope> {
  /**
   * The level of the cache's `scopes` its entries belong to: part of every key. The params have what it needs, under the
   * names the scopes give, unless `scopeParams` says so otherwise.
   */
  readonly scope?: Scope | undefined
  /** Where the values of a scope are, if the params don't have them by name. */
  readonly scopeParams?: ((params: Params) => Readonly<Record<string, ScopeValue>>) | undefined
}

/** A definition: what is cached, under which key, from where, for how long. */
export interface NodeOptions<
  Params,
  Value,
  StorageName extends string = string,
  Scope extends string = typeof globalScope,
>
  extends NodeTerms<Params, Value, StorageName>, ScopeTerms<Params, Scope> {
  /** Gets one value from the source. */
  readonly load?: Load<Params, Value> | undefined
  /** Gets many at once. Without `load`, it is used for one as well. */
  readonly loadMany?: LoadMany<Params, Value> | undefined
}

/** A definition of whatever storages and scopes. */
export type Definition<Params, Value> = NodeOptions<Params, Value, string, string>

/** What one call may ask for. */
export interface GetOptions<Params, Value> {
  /** Gives up waiting when aborted. Others who wait for the same load are not disturbed. */
  readonly signal?: AbortSignal | undefined
  /** How old the answer may be at most. */
  readonly maxAge?: Duration | undefined
  /**
   * The token that a change has given, in whichever process, or several: nothing older than that is answered. A copy, or a
   * load under way, that may be older is passed over, once for each token.
   */
  readonly after?: string | readonly string[] | undefined
  /** Instead of the node's load, should this call be the one that loads. */
  readonly load?: Load<Params, Value> | undefined
}

/** What one call for many may ask for. */
export interface GetManyOptions<Params, Value> extends GetOptions<Params, Value> {
  /** Instead of the node's loadMany, for those that this call loads. */
  readonly loadMany?: LoadMany<Params, Value> | undefined
}
