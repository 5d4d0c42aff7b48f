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

// Slots form a ring: the `younger` of its anchor was used longest ago, the `older` of its anchor just now.
interface Slot<Value> {
  readonly key: string
  value: Value
  expiredAt: number
  older: Slot<Value>
  younger: Slot<Value>
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
  readonly #slots = new Map<string, Slot<Value>>()
  readonly #ring: Slot<Value>
  readonly #evictions = { capacity: 0, expired: 0 }
  #sweeper: IterableIterator<[string, Slot<Value>]> | undefined

  constructor(options: MemoryCacheOptions = {}) {
    this.maxEntries = options.maxEntries ?? defaultMaxEntries
    if (!Number.isSafeInteger(this.maxEntries) || this.maxEntries < 1) {
      throw invalidOption('memory: maxEntries', 'a whole number of 1 or more', options.maxEntries)
    }
    this.clock = options.clock ?? systemClock
    this.#ring = anchor()
    this.#ttl = options.ttl === undefined ? Infinity : parsePositiveDuration(options.ttl, 'memory: ttl')
  }

  get size(): number {
    return this.#slots.size
  }

  get(key: string, now?: number): Value | undefined {
    const slot = this.#slots.get(key)
    if (slot === undefined) return undefined
    if (this.#isExpired(slot, now)) {
      this.#expire(slot)
      return undefined
    }
    if (slot.younger !== this.#ring) this.#makeYoungest(slot)
    return slot.value
  }

  peek(key: string, now?: number): Value | undefined {
    const slot = this.#slots.get(key)
    return slot === undefined || this.#isExpired(slot, now) ? undefined : slot.value
  }

  set(key: string, value: Value, options?: { readonly ttl?: number | undefined }): boolean {
    const ttl = options?.ttl ?? this.#ttl
    const expiredAt = ttl === Infinity ? Infinity : this.clock.now() + ttl
    this.#sweep()
    const slot = this.#slots.get(key)
    if (slot !== undefined) {
      slot.value = value
      slot.expiredAt = expiredAt
      this.#makeYoungest(slot)
      return true
    }
    if (this.#slots.size >= this.maxEntries) this.#evictOldest()
    const { older } = this.#ring
    const youngest: Slot<Value> = { key, value, expiredAt, older, younger: this.#ring }
    older.younger = youngest
    this.#ring.older = youngest
    this.#slots.set(key, youngest)
    return true
  }

  delete(key: string): boolean {
    const slot = this.#slots.get(key)
    if (slot === undefined) return false
    this.#remove(slot)
    return !this.#isExpired(slot)
  }

  clear(): void {
    this.#slots.clear()
    this.#ring.older = this.#ring.younger = this.#ring
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

  #expire(slot: Slot<Value>): void {
    this.#remove(slot)
    this.#evictions.expired++
  }

  #evictOldest(): void {
    this.#remove(this.#ring.younger)
    this.#evictions.capacity++
  }

  #remove(slot: Slot<Value>): void {
    this.#slots.delete(slot.key)
    slot.older.younger = slot.younger
    slot.younger.older = slot.older
  }

  #makeYoungest(slot: Slot<Value>): void {
    slot.older.younger = slot.younger
    slot.younger.older = slot.older
    slot.older = this.#ring.older
    slot.younger = this.#ring
    slot.older.younger = slot
    this.#ring.older = slot
  }

  #sweep(): void {
    for (let looked = 0; looked < sweepPerWrite; looked++) {
      this.#sweeper ??= this.#slots.entries()
      const next = this.#sweeper.next()
      if (next.done === true) {
        this.#sweeper = undefined
        return
      }
      const [, slot] = next.value
      if (this.#isExpired(slot)) this.#expire(slot)
    }
  }
}

function anchor<Value>(): Slot<Value> {
  const slot = { key: '', expiredAt: Infinity } as Slot<Value>
  slot.older = slot.younger = slot
  return slot
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
