import type { LoadContext } from '../core/definition.ts'
import { invalidate, set } from '../core/change.ts'
import { type LifetimeOptions, resolveLifetime } from '../core/lifetime.ts'
import type { Plan } from '../core/plan.ts'
import { hitNear, lookUp, read } from '../core/read.ts'
import { straight } from '../core/straight.ts'
import type { Duration } from '../kernel/duration.ts'

/** How long an entry without a node lives. */
export type SetOptions = LifetimeOptions<string, unknown>

/** What a {@link PlainEntries.getOrLoad} may ask for. */
export interface GetOrLoadOptions<Value> extends LifetimeOptions<string, Value> {
  /** Gives up waiting when aborted. */
  readonly signal?: AbortSignal | undefined
  /** How old the answer may be at most. */
  readonly maxAge?: Duration | undefined
}

/** Entries without a node: a key and a value, like a map's. */
export class PlainEntries {
  readonly #plan: Plan<string, unknown>

  constructor(plan: Plan<string, unknown>) {
    this.#plan = plan
  }

  async get(key: string): Promise<unknown> {
    if (!this.#plan.enabled) return undefined
    return lookUp(this.#plan, { key: this.#plan.keyOf(key), params: key })
  }

  async set(key: string, value: unknown, options?: SetOptions): Promise<void> {
    await set(this.#plan, { key: this.#plan.keyOf(key), params: key, lifetime: this.#lifetime(options, 'set') }, value)
  }

  async getOrLoad(
    params: string,
    load: (context: LoadContext) => unknown,
    options: GetOrLoadOptions<unknown> = {},
  ): Promise<unknown> {
    const key = this.#plan.keyOf(params)
    const near = options.maxAge === undefined ? hitNear(this.#plan, key) : undefined
    if (near !== undefined) return near.value
    const perCall = {
      signal: options.signal,
      maxAge: options.maxAge,
      load: (_: string, context: LoadContext) => load(context),
    }
    if (!this.#plan.enabled) return straight(this.#plan, params, perCall)
    const lifetime = this.#lifetime(options, 'getOrLoad')
    return read(this.#plan, { key, params, options: perCall, lifetime })
  }

  async delete(key: string): Promise<boolean> {
    return invalidate(this.#plan, this.#plan.keyOf(key))
  }

  #lifetime(options: SetOptions | undefined, method: string): Plan<string, unknown>['lifetime'] {
    if (options === undefined) return this.#plan.lifetime
    return resolveLifetime(options, `cache.${method}`, this.#plan.lifetime.ttlOf('', undefined))
  }
}
