import type { Definition, NodeTerms } from '../core/definition.ts'
import type { Change, Removal } from '../core/change-tokens.ts'
import type { ScopeValue } from '../core/reach/scopes.ts'
import type { CacheNode } from '../core/node.ts'
import type { NodeStats } from '../core/stats.ts'
import type { ArgumentsToKey } from '../kernel/arguments.ts'

/** How a function is memoized. Wherever a node has params, a function has the list of its arguments. */
export interface MemoizeOptions<
  Arguments extends readonly unknown[],
  Value,
  StorageName extends string = string,
> extends Omit<NodeTerms<Arguments, Value, StorageName>, 'name' | 'key'> {
  /** Unique in the cache, and part of every key. Default: the function's own name. */
  readonly name?: string | undefined
  /** What tells calls apart. Default: made from the arguments by the cache's `keys`. */
  readonly key?: NoInfer<(...parameters: Arguments) => string | number> | undefined
  /** The level of the cache's `scopes` its entries belong to: part of every key. */
  readonly scope?: string | undefined
  /** Where the values of its scope are among the arguments. */
  readonly scopeParams?: NoInfer<(...parameters: Arguments) => Readonly<Record<string, ScopeValue>>> | undefined
}

/** A function whose results are cached. */
export interface MemoizedFunction<Arguments extends readonly unknown[], Value> {
  (...parameters: Arguments): Promise<Value>
  /** The node behind it: `quote.node.get(['AAPL'], { after: token })`. */
  readonly node: CacheNode<Arguments, Value>
  /** As `node.peek`, of the result for these arguments. */
  peek(...parameters: Arguments): Value | undefined
  /** Whether there is a result for these arguments, in any tier. */
  has(...parameters: Arguments): Promise<boolean>
  /** Calls the function, whatever there is, and keeps the result. */
  refresh(...parameters: Arguments): Promise<Value>
  /** Makes the result for these arguments unusable. @returns whether there was one, and the token of this change */
  invalidate(...parameters: Arguments): Promise<Removal>
  /** Makes the result for these arguments stale. */
  expire(...parameters: Arguments): Promise<Change>
  /** Makes all results unusable. */
  invalidateAll(): Promise<Change>
  /** The keys of the results that are cached. */
  keys(): AsyncIterable<string>
  stats(): NodeStats
}

/** The definition of the node behind a memoized function. */
export function memoizedDefinition<Arguments extends readonly unknown[], Value>(
  call: (...parameters: Arguments) => Value | PromiseLike<Value>,
  name: string,
  options: MemoizeOptions<Arguments, Value>,
  argumentsToKey: ArgumentsToKey,
): Definition<Arguments, Value> {
  const { key = (...parameters: Arguments) => argumentsToKey(parameters), scopeParams, ...terms } = options
  return {
    ...terms,
    name,
    key: (parameters) => key(...parameters),
    ...(scopeParams && { scopeParams: (parameters: Arguments) => scopeParams(...parameters) }),
    load: (parameters) => call(...parameters),
  }
}

/** The callable face of a node whose params are a list of arguments. */
export function memoized<Arguments extends readonly unknown[], Value>(
  node: CacheNode<Arguments, Value>,
): MemoizedFunction<Arguments, Value> {
  const call = (...parameters: Arguments): Promise<Value> => node.get(parameters)
  return Object.freeze(
    Object.assign(call, {
      node,
      peek: (...parameters: Arguments) => node.peek(parameters),
      has: (...parameters: Arguments) => node.has(parameters),
      refresh: (...parameters: Arguments) => node.refresh(parameters),
      invalidate: (...parameters: Arguments) => node.invalidate(parameters),
      expire: (...parameters: Arguments) => node.expire(parameters),
      invalidateAll: () => node.invalidateAll(),
      keys: () => node.keys(),
      stats: () => node.stats(),
    }),
  )
}
