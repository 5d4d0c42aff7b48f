import type { EvictionReason } from '../contracts/local-storage.ts'
import { CacheError } from '../kernel/errors.ts'

type Listener<Key, Value> = (key: Key, value: Value, reason: EvictionReason) => void

/**
 * Counts what goes, and tells a listener: not at once, but when the operation that made it go is complete, so that
 * the listener finds the cache in order, and may change it. What goes because of that is told after the rest.
 */
export class Evictions<Key, Value> {
  #capacity = 0
  #expired = 0
  readonly #listener: Listener<Key, Value> | undefined
  #untold: [Key, Value, EvictionReason][] = []
  #isTelling = false

  constructor(listener: Listener<Key, Value> | undefined) {
    this.#listener = listener
  }

  /** What went by itself, so far. */
  get counts(): { readonly capacity: number; readonly expired: number } {
    return { capacity: this.#capacity, expired: this.#expired }
  }

  get isListening(): boolean {
    return this.#listener !== undefined
  }

  add(key: Key, value: Value, reason: EvictionReason): void {
    this.count(reason)
    if (this.isListening) this.#untold.push([key, value, reason])
  }

  /** As {@link add}, when nobody listens. */
  count(reason: EvictionReason): void {
    if (reason === 'capacity') this.#capacity++
    else if (reason === 'expired') this.#expired++
  }

  /** Tells the listener. @throws what the listener threw first, when everything has been told */
  tell(): void {
    if (this.#isTelling || this.#listener === undefined || this.#untold.length === 0) return
    this.#isTelling = true
    const errors: unknown[] = []
    // A listener that puts back what has gone makes another go, and so on without end.
    const most = this.#untold.length + mostCausedByTelling
    for (let told = 0; told < this.#untold.length; told++) {
      const next = this.#untold[told]
      if (next === undefined) break
      if (told === most) {
        errors.push(new CacheError('INVALID_OPTION', 'memory: onEvict: every call made another entry go; stopped'))
        break
      }
      try {
        this.#listener(...next)
      } catch (error) {
        errors.push(error)
      }
    }
    this.#untold = []
    this.#isTelling = false
    if (errors.length > 0) throw errors[0]
  }
}

const mostCausedByTelling = 10_000
