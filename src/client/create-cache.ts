import { type ArgumentsToKey, keys } from '../kernel/arguments.ts'
import { type Chance, systemChance } from '../kernel/chance.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { type Duration, parseDuration } from '../kernel/duration.ts'
import { invalidOption } from '../kernel/errors.ts'
import { markerKeys } from '../kernel/marker-keys.ts'
import { Commons } from '../core/commons.ts'
import type { SharedOptions, TierOptions } from '../core/definition.ts'
import { defineScopes, type Scopes, type ScopeTree } from '../core/reach/scopes.ts'
import { type AnyStorage, Storages } from '../core/storages.ts'
import { memory } from '../local/memory-cache.ts'
import { Cache, type NoScopes } from './cache.ts'

/** What a cache is made of. Nothing has to be said. */
export interface CacheOptions<
  Named extends Readonly<Record<string, AnyStorage>>,
  Tree extends ScopeTree = NoScopes,
> extends Omit<SharedOptions, 'tiers'> {
  /** What all keys start with: nothing outside it is ever touched. Default `tiercel`. */
  readonly prefix?: string | undefined
  /** The places to keep entries in, by name. Default: `{ local: memory() }`, of 10,000 entries. */
  readonly storages?: Named | undefined
  /** The tiers of nodes that name none. Default: all storages, memory first, then in the order they are named. */
  readonly tiers?: readonly TierOptions<NoInfer<keyof Named & string>>[] | undefined
  /** The scopes that entries can belong to, as `defineScopes` makes them. */
  readonly scopes?: Scopes<Tree> | undefined
  /** How long values are fresh where neither node nor tier says. `null`: for ever. Default 5 minutes. */
  readonly ttl?: Duration | null | undefined
  /** How keys are made from arguments: `keys.readable` (default), `keys.digest`, or a function of one's own. */
  readonly keys?: ArgumentsToKey | undefined
  /** How long memory keeps what was loaded while the last tier can't be reached. Default 1 s. */
  readonly blindTtl?: Duration | undefined
  /** Time, for tests. */
  readonly clock?: Clock | undefined
  /** Chance, for tests. */
  readonly chance?: Chance | undefined
}

/**
 * Makes a cache.
 *
 * @throws CacheError `INVALID_OPTION`
 * @example
 * const cache = createCache()
 * const user = cache.node({ name: 'user', key: (id: number) => id, load: (id) => db.users.find(id) })
 * await user.get(7)
 */
export function createCache<
  const Named extends Readonly<Record<string, AnyStorage>> = { readonly local: AnyStorage },
  Tree extends ScopeTree = NoScopes,
>(options: CacheOptions<Named, Tree> = {}): Cache<keyof Named & string, Tree> {
  const { prefix = 'tiercel', clock = systemClock, chance = systemChance } = options
  if (typeof prefix !== 'string' || prefix === '') throw invalidOption('createCache: prefix', 'a name', prefix)
  if (options.keys !== undefined && typeof options.keys !== 'function') {
    throw invalidOption('createCache: keys', 'keys.readable, keys.digest or a function', options.keys)
  }
  const storages = new Storages(options.storages ?? { local: memory({ clock }) }, clock)
  const blindTtl = parseDuration(options.blindTtl ?? '1s', 'createCache: blindTtl')
  return new Cache({
    commons: new Commons({ clock, chance, blindTtl }),
    storages,
    defaults: {
      ...options,
      prefix,
      ttl: options.ttl,
      keys: options.keys ?? keys.readable,
      scopes: options.scopes ?? defineScopes({}),
      markerKeys: markerKeys(prefix, storages.maxKeyBytes),
    },
  })
}
