import type { Definition, NodeTerms } from '../core/definition.ts'
import type { Change, Removal } from '../core/change-tokens.ts'
import type { ScopeValue } from '../core/reach/scopes.ts'
import type { CacheNode } from '../core/node.ts'
import type { ArgumentsToKey } from '../kernel/arguments.ts'
import { CacheError, invalidOption } from '../kernel/errors.ts'

/**
 * Whose results a memoized method's are: each instance's own (then in memory only, since no other process knows the
 * instance), the class's, or of all instances that a function gives the same name.
 */
export type Self<This> = 'instance' | 'class' | ((instance: This) => string | number)

/** How a method is memoized. */
export interface MemoizedMethodOptions<
  This,
  Arguments extends readonly unknown[],
  Value,
  StorageName extends string = string,
> extends Omit<NodeTerms<MethodCall<This, Arguments>, Value, StorageName>, 'name' | 'key'> {
  /** Unique in the cache, and part of every key. Default: `Class.method`. */
  readonly name?: string | undefined
  /** What tells calls on one self apart. Default: made from the arguments by the cache's `keys`. */
  readonly key?: ((this: This, ...parameters: Arguments) => string | number) | undefined
  /** The level of the cache's `scopes` its entries belong to: part of every key. */
  readonly scope?: string | undefined
  /** Where the values of its scope are: in the arguments, or in the instance. */
  readonly scopeParams?: ((this: This, ...parameters: Arguments) => Readonly<Record<string, ScopeValue>>) | undefined
  /** Default `'instance'`. */
  readonly self?: Self<This> | undefined
}

/** One call of a memoized method: the params of the node behind it. */
export interface MethodCall<This, Arguments extends readonly unknown[]> {
  readonly self: This
  readonly parameters: Arguments
}

/** What `cache.call(instance, 'method')` gives: the entries of one instance's method. */
export interface BoundCall<Arguments extends readonly unknown[], Value> {
  peek(...parameters: Arguments): Value | undefined
  has(...parameters: Arguments): Promise<boolean>
  refresh(...parameters: Arguments): Promise<Value>
  invalidate(...parameters: Arguments): Promise<Removal>
  expire(...parameters: Arguments): Promise<Change>
}

/** A method as a decorator gets it. */
type Method<This, Arguments extends readonly unknown[], Value> = (
  this: This,
  ...parameters: Arguments
) => Promise<Value>

// A decorator's options are typed before anybody knows the method; what they don't mention may be anything.
// oxlint-disable-next-line typescript/no-explicit-any
type Whatever = any

/** `@cache.memoized`, bare or with options. */
export type MemoizedDecorator<StorageName extends string = string> = Decorator<StorageName>['decorate']

// As a method, so that a cache of certain storages is a cache like any other to who doesn't name them.
interface Decorator<StorageName extends string> {
  decorate<Decorated extends (this: Whatever, ...parameters: Whatever[]) => Promise<unknown>>(
    method: Decorated,
    context: ClassMethodDecoratorContext,
  ): Decorated
  decorate<This = Whatever, Arguments extends readonly Whatever[] = Whatever[], Value = Whatever>(
    options?: MemoizedMethodOptions<This, Arguments, Value, StorageName>,
  ): <Decorated extends (this: This, ...parameters: [...Arguments, ...Whatever[]]) => Promise<Value>>(
    method: Decorated,
    context: ClassMethodDecoratorContext<This>,
  ) => Decorated
}

/** What a decorator needs of its cache. */
export interface MethodHost {
  readonly keys: ArgumentsToKey
  define<Params, Value>(options: Definition<Params, Value>, where: 'memory' | 'anywhere'): CacheNode<Params, Value>
}

type AnyMethodNode = CacheNode<MethodCall<object, readonly unknown[]>, unknown>

const nodesOfMethods = new WeakMap<object, (self: object) => AnyMethodNode>()

/** Makes the decorator of a cache. */
export function memoizedDecorator(host: MethodHost): MemoizedDecorator {
  type AnyMethod = Method<object, readonly unknown[], unknown>
  type AnyOptions = MemoizedMethodOptions<object, readonly unknown[], unknown>
  const decorate = (first: AnyMethod | AnyOptions = {}, context?: ClassMethodDecoratorContext): unknown => {
    if (typeof first === 'function') {
      if (context === undefined) throw invalidOption('@memoized', 'to decorate a method, or options', first)
      return memoizeMethod(host, {}, first, context)
    }
    return (method: AnyMethod, itsContext: ClassMethodDecoratorContext) =>
      memoizeMethod(host, first, method, itsContext)
  }
  return decorate as MemoizedDecorator
}

/** Replaces a method by one that answers from a node. The node is defined when the class is first used. */
function memoizeMethod<This extends object, Arguments extends readonly unknown[], Value>(
  host: MethodHost,
  options: MemoizedMethodOptions<This, Arguments, Value>,
  method: Method<This, Arguments, Value>,
  context: ClassMethodDecoratorContext,
): Method<This, Arguments, Value> {
  if (context.kind !== 'method') throw invalidOption('@memoized', 'a method', context.kind)
  const methodName = String(context.name)
  let node: CacheNode<MethodCall<This, Arguments>, Value> | undefined
  const define = (name: string): CacheNode<MethodCall<This, Arguments>, Value> =>
    host.define(
      definition(host, options, method, name),
      (options.self ?? 'instance') === 'instance' ? 'memory' : 'anywhere',
    )
  // A decorator is not told the name of its class; the first instance knows it.
  const nodeOf = (self: This): CacheNode<MethodCall<This, Arguments>, Value> =>
    (node ??= define(options.name ?? `${classNameOf(self, replacement, context.name)}.${methodName}`))
  if (options.name !== undefined) node = define(options.name)

  function replacement(this: This, ...parameters: Arguments): Promise<Value> {
    return nodeOf(this).get({ self: this, parameters })
  }
  context.addInitializer(function defineNow() {
    nodeOf(this as This)
  })
  nodesOfMethods.set(replacement, nodeOf as unknown as (self: object) => AnyMethodNode)
  return Object.defineProperty(replacement, 'name', { value: methodName })
}

/**
 * The entries of one instance's memoized method.
 * @throws CacheError `INVALID_OPTION` for a method that isn't memoized
 */
export function boundCall(self: object, methodName: PropertyKey): BoundCall<readonly unknown[], unknown> {
  const method: unknown = Reflect.get(self, methodName)
  const nodeOf = typeof method === 'function' ? nodesOfMethods.get(method) : undefined
  if (nodeOf === undefined) {
    throw new CacheError(
      'INVALID_OPTION',
      `cache.call: expected a memoized method, got '${String(methodName)}': decorate it with @cache.memoized`,
    )
  }
  const node = nodeOf(self)
  return {
    peek: (...parameters) => node.peek({ self, parameters }),
    has: (...parameters) => node.has({ self, parameters }),
    refresh: (...parameters) => node.refresh({ self, parameters }),
    invalidate: (...parameters) => node.invalidate({ self, parameters }),
    expire: (...parameters) => node.expire({ self, parameters }),
  }
}

function definition<This extends object, Arguments extends readonly unknown[], Value>(
  host: MethodHost,
  options: MemoizedMethodOptions<This, Arguments, Value>,
  method: Method<This, Arguments, Value>,
  name: string,
): Definition<MethodCall<This, Arguments>, Value> {
  const { key, self = 'instance', scopeParams, ...terms } = options
  const partOf = selfPart(self)
  return {
    ...terms,
    name,
    key: (call) => {
      const rest = key === undefined ? host.keys(call.parameters) : key.call(call.self, ...call.parameters)
      return partOf(call.self) + String(rest)
    },
    ...(scopeParams && {
      scopeParams: (call: MethodCall<This, Arguments>) => scopeParams.call(call.self, ...call.parameters),
    }),
    load: (call) => method.call(call.self, ...call.parameters),
  }
}

// Each part ends where it says it does: a number and a comma, or a quoted string and a comma.
function selfPart<This extends object>(self: Self<This>): (instance: This) => string {
  if (self === 'class') return () => ''
  if (self === 'instance') return (instance) => `#${identify(instance)},`
  if (typeof self === 'function') return (instance) => `${JSON.stringify(String(self(instance)))},`
  throw invalidOption('@memoized: self', "'instance', 'class' or a function", self)
}

const identities = new WeakMap<object, number>()
let lastIdentity = 0

function identify(instance: object): number {
  let identity = identities.get(instance)
  if (identity === undefined) {
    identity = ++lastIdentity
    identities.set(instance, identity)
  }
  return identity
}

// The class that has the method, not one that inherits it.
function classNameOf(self: object, method: unknown, methodName: PropertyKey): string {
  if (typeof self === 'function') return self.name
  for (let prototype: unknown = Object.getPrototypeOf(self); typeof prototype === 'object' && prototype !== null;) {
    if (Object.getOwnPropertyDescriptor(prototype, methodName)?.value === method) return prototype.constructor.name
    prototype = Object.getPrototypeOf(prototype)
  }
  return self.constructor.name
}
