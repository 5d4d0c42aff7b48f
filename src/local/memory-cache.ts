import type { LocalStorage, LocalStorageStats } from '../contracts/local-storage.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { type Duration, parsePositiveDuration } from '../kernel/duration.ts'
import { invalidOption } from '../kernel/errors.ts'

/** How a {@link MemoryCache} is bounded. */
export interface MemoryCacheOptions {
  /** Most entries it keeps. Default 10,000. */
  readonly maxEntries?: number | undefined
  /** How long an entry lives that is set without a ttl. Default: until it is evicted. */
  readonly ttl?: Duration | undefined
  /** The clock that lifetimes run on. Default: the real one. */
  readonly clock?: Clock | undefined
}

interface Slot<Value> {
  value: Value
  expiredAt: number
}

const defaultMaxEntries = 10_000

// Each write looks at so many entries for expired ones, so that what nobody reads goes too.
const sweepPerWrite = 2

/**
 * A bounded map in this process's memory that drops what was used longest ago. Synchronous, values by reference.
 */
export class MemoryCache<Value = unknown> implements LocalStorage<Value> {
  readonly kind = 'private'
  readonly type = 'memory'
  readonly clock: Clock
  readonly maxEntries: number
  readonly #ttl: number
  // A Map remembers insertion order; taking a key out and putting it back makes it the youngest.
  readonly #slots = new Map<string, Slot<Value>>()
  readonly #evictions = { capacity: 0, expired: 0 }
  #sweeper: IterableIterator<[string, Slot<Value>]> | undefined

  constructor(options: MemoryCacheOptions = {}) {
    this.maxEntries = options.maxEntries ?? defaultMaxEntries
    if (!Number.isSafeInteger(this.maxEntries) || this.maxEntries < 1) {
      throw invalidOption('memory: maxEntries', 'a whole number of 1 or more', options.maxEntries)
    }
    this.clock = options.clock ?? systemClock
    this.#ttl = options.ttl === undefined ? Infinity : parsePositiveDuration(options.ttl, 'memory: ttl')
  }

  get size(): number {
    return this.#slots.size
  }

  get(key: string, now?: number): Value | undefined {
    const slot = this.#slots.get(key)
    if (slot === undefined) return undefined
    if (this.#isExpired(slot, now)) {
      this.#expire(key)
      return undefined
    }
    this.#slots.delete(key)
    this.#slots.set(key, slot)
    return slot.value
  }

  peek(key: string, now?: number): Value | undefined {
    const slot = this.#slots.get(key)
    return slot === undefined || this.#isExpired(slot, now) ? undefined : slot.value
  }

  set(key: string, value: Value, options?: { readonly ttl?: number | undefined }): boolean {
    const ttl = options?.ttl ?? this.#ttl
    this.#slots.delete(key)
    this.#sweep()
    if (this.#slots.size >= this.maxEntries) this.#evictOldest()
    this.#slots.set(key, { value, expiredAt: ttl === Infinity ? Infinity : this.clock.now() + ttl })
    return true
  }

  delete(key: string): boolean {
    const slot = this.#slots.get(key)
    return slot !== undefined && this.#slots.delete(key) && !this.#isExpired(slot)
  }

  clear(): void {
    this.#slots.clear()
  }

  *keys(): IterableIterator<string> {
    for (const [key, slot] of this.#slots) if (!this.#isExpired(slot)) yield key
  }

  stats(): LocalStorageStats {
    return { entryCount: this.#slots.size, evictionCount: { ...this.#evictions } }
  }

  #isExpired(slot: Slot<Value>, now?: number): boolean {
    return slot.expiredAt !== Infinity && (now ?? this.clock.now()) >= slot.expiredAt
  }

  #expire(key: string): void {
    this.#slots.delete(key)
    this.#evictions.expired++
  }

  #evictOldest(): void {
    const oldest = this.#slots.keys().next()
    if (oldest.done === true) return
    this.#slots.delete(oldest.value)
    this.#evictions.capacity++
  }

  #sweep(): void {
    for (let looked = 0; looked < sweepPerWrite; looked++) {
      this.#sweeper ??= this.#slots.entries()
      const next = this.#sweeper.next()
      if (next.done === true) {
        this.#sweeper = undefined
        return
      }
      const [key, slot] = next.value
      if (this.#isExpired(slot)) this.#expire(key)
    }
  }
}

/**
 * A private storage in this process's memory.
 *
 * @example
 * createCache({ storages: { local: memory({ maxEntries: 50_000 }) } })
 */
export function memory<Value = unknown>(options: MemoryCacheOptions = {}): MemoryCache<Value> {
  return new MemoryCache<Value>(options)
}
