import { parseDuration } from '../kernel/duration.ts'
import { anyTime } from './change-tokens.ts'
import type { GetManyOptions } from './definition.ts'
import type { Lifetime } from './lifetime.ts'
import type { AnyPlan } from './plan.ts'
import type { Ties } from './reach/reach.ts'

/** A read as the door hands it on, when memory had nothing fresh at hand. */
export interface Request<Params, Value> {
  readonly key: string
  readonly params: Params
  readonly options?: GetManyOptions<Params, Value> | undefined
  /** Other terms than the node's. */
  readonly lifetime?: Lifetime<Params, Value> | undefined
  /** The tick of change tokens before which nothing it is answered with may have begun. */
  readonly notBefore?: number | undefined
  /** Other tags and scopes than the params tell. */
  readonly ties?: Ties | undefined
}

/** Milliseconds an answer may be old at most. @throws CacheError `INVALID_OPTION` */
export function maxAgeOf<Params, Value>(plan: AnyPlan, { options }: Request<Params, Value>): number {
  if (options?.maxAge === undefined) return Infinity
  return parseDuration(options.maxAge, `node '${plan.name}': get: maxAge`)
}

/** The tick before which nothing that answers a request may have begun. @throws CacheError `INVALID_OPTION` */
export function notBeforeOf<Params, Value>(
  plan: AnyPlan,
  { options, notBefore = anyTime }: Request<Params, Value>,
): number {
  if (options?.after === undefined) return notBefore
  return plan.commons.tokens.tickOf(options.after, `node '${plan.name}': get: after`)
}
