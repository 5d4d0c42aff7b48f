import type { LocalStorageStats } from '../contracts/local-storage.ts'
import type { Clock } from '../kernel/clock.ts'
import { invalidOption } from '../kernel/errors.ts'
import { createPolicy } from '../policies/create-policy.ts'
import type { PolicyName } from '../policies/policy.ts'
import { SlotHashes } from '../structures/slot-hashes.ts'
import { deepFreeze } from './copies.ts'
import { checkDump, type Dump, type RestoreOptions } from './dump.ts'
import { EntrySlots } from './entry-slots.ts'
import { Evictions } from './evictions.ts'
import { type SizeEstimate, SizeEstimates } from './size-estimates.ts'
import {
  type MemoryCacheOptions,
  parseMaxEntries,
  parseMaxWeight,
  parseTtl,
  parseWeight,
  type ResizeOptions,
  type ResolvedOptions,
  resolveOptions,
  type SetOptions,
} from './memory-cache-options.ts'

/** What a {@link MemoryCache} says of itself. */
export interface MemoryCacheStats extends LocalStorageStats {
  readonly policy: PolicyName
  /** What the entries weigh together; 0 without `maxWeight`. */
  readonly weight: number
  /** What was not kept: heavier than the whole cache, or turned away by the doorkeeper. */
  readonly refusedCount: number
  /** With the option `estimates`: what a quarter, half, twice and four times as many entries would do, and as many. */
  readonly estimates?: readonly SizeEstimate[]
}

/**
 * A bounded map in this process's memory: synchronous, values by reference, keys of any type (as `Map` understands
 * them), never more entries than it may have, not even for a moment.
 *
 * @example
 * const users = new MemoryCache<number, User>({ maxEntries: 50_000, ttl: '5m' })
 * const user = users.getOrCompute(7, (id) => readUser(id))
 */
export class MemoryCache<Key = string, Value = unknown> {
  readonly kind = 'private'
  readonly type = 'memory'
  readonly clock: Clock
  readonly #slots: EntrySlots<Key, Value>
  readonly #copyOnRead: ((value: Value) => Value) | undefined
  readonly #options: ResolvedOptions<Key, Value>
  readonly #evictions: Evictions<Key, Value>
  // Somebody wants to be told of what goes.
  readonly #isHeard: boolean
  // Nobody is to be asked before something is kept.
  readonly #isPlain: boolean
  // Somebody wants to know of reads, or of what goes with them.
  readonly #isWatched: boolean
  #estimates: SizeEstimates | undefined
  #refusedCount = 0

  constructor(options: MemoryCacheOptions<Key, Value> = {}) {
    const resolved = resolveOptions(options)
    const { clock, seed, maxEntries, maxWeight } = resolved
    const hashes = new SlotHashes()
    const policy = createPolicy(resolved.policy, seed, hashes)
    this.clock = clock
    this.#options = resolved
    // Nobody can change a copy that is frozen.
    this.#copyOnRead = resolved.freeze ? undefined : resolved.copy
    const { copy, freeze, weigh, doorkeeper } = resolved
    this.#isPlain = copy === undefined && !freeze && weigh === undefined && doorkeeper === undefined
    this.#isHeard = options.onEvict !== undefined
    this.#isWatched = this.#isHeard || resolved.estimates
    if (resolved.estimates) this.#estimates = new SizeEstimates(resolved.policy, maxEntries, seed)
    this.#evictions = new Evictions(options.onEvict)
    this.#slots = new EntrySlots({ clock, seed, hashes, policy, evictions: this.#evictions, maxEntries, maxWeight })
  }

  /** Entries kept now. Expired ones that have not gone yet may be among them. */
  get size(): number {
    return this.#slots.size
  }

  get maxEntries(): number {
    return this.#slots.maxEntries
  }

  /**
   * The value of a key that has not expired. Counts as a use.
   * @param now the moment of the read, when the caller has just asked the clock; else the cache asks it, if it must
   */
  get(key: Key, now?: number): Value | undefined {
    const value = this.#slots.get(key, now)
    if (this.#isWatched) this.#tellOfRead(key)
    return this.#copyOnRead === undefined || value === undefined ? value : this.#copyOnRead(value)
  }

  /** As {@link get}, but leaves no trace: not a use, and an expired entry stays where it is. */
  peek(key: Key, now?: number): Value | undefined {
    const slot = this.#slots.find(key)
    return slot < 0 || this.#slots.isExpired(slot, now) ? undefined : this.#handOut(slot)
  }

  /** Whether there is something to {@link get}. Not a use. */
  has(key: Key, now?: number): boolean {
    const slot = this.#slots.find(key)
    return slot >= 0 && !this.#slots.isExpired(slot, now)
  }

  /**
   * Keeps a value.
   * @returns whether it was kept: an entry heavier than the whole cache isn't, nor what the doorkeeper turns away.
   * What the key had before is gone in any case.
   * @throws CacheError `INVALID_OPTION` for `undefined`, which means absent, and for a ttl below a millisecond
   */
  set(key: Key, value: Value, options?: SetOptions): boolean {
    if (value === undefined) throw invalidOption('memory: set', 'a value; undefined means absent', value)
    const ttl = options?.ttl === undefined ? this.#options.ttl : parseTtl(options.ttl)
    // Other people's functions come first: whatever they do to this cache, nothing has begun.
    const isKept = this.#isPlain ? this.#slots.set(key, value, 0, ttl) : this.#setWithCare(key, value, ttl)
    if (this.#isHeard) this.#evictions.tell()
    return isKept
  }

  /**
   * The value of a key, or what `compute` makes of it, which is kept unless it is `undefined`.
   * `compute` may use the cache.
   */
  getOrCompute(key: Key, compute: (key: Key) => Value, options?: SetOptions): Value {
    const found = this.get(key)
    if (found !== undefined) return found
    const value = compute(key)
    if (value !== undefined) this.set(key, value, options)
    return value
  }

  /** @returns whether there was something to delete */
  delete(key: Key): boolean {
    this.#estimates?.forget(key)
    const slot = this.#slots.find(key)
    if (slot < 0) return false
    const wasThere = this.#slots.delete(slot)
    if (this.#isHeard) this.#evictions.tell()
    return wasThere
  }

  /** Deletes everything. */
  clear(): void {
    this.#slots.clear()
    this.#estimateAnew()
    if (this.#isHeard) this.#evictions.tell()
  }

  /**
   * The entries that have not expired, in no particular order. The cache may be changed meanwhile: what is there from
   * beginning to end comes once, what has gone doesn't come, what is new may come or not.
   */
  *entries(): IterableIterator<[Key, Value]> {
    for (const slot of this.#live()) yield [this.#slots.keyAt(slot), this.#handOut(slot)]
  }

  /** As {@link entries}, the keys. */
  *keys(): IterableIterator<Key> {
    for (const slot of this.#live()) yield this.#slots.keyAt(slot)
  }

  /** As {@link entries}, the values. */
  *values(): IterableIterator<Value> {
    for (const slot of this.#live()) yield this.#handOut(slot)
  }

  [Symbol.iterator](): IterableIterator<[Key, Value]> {
    return this.entries()
  }

  /** Calls back with every one of {@link entries}. */
  forEach(callback: (value: Value, key: Key, cache: this) => void): void {
    for (const [key, value] of this.entries()) callback(value, key, this)
  }

  /** Changes the bounds. What doesn't fit any more goes at once. */
  resize(options: ResizeOptions): void {
    if (options.maxWeight !== undefined && this.#options.maxWeight === Infinity) {
      throw invalidOption('memory: resize', 'no maxWeight in a cache that was made without', options.maxWeight)
    }
    const maxEntries = options.maxEntries === undefined ? this.maxEntries : parseMaxEntries(options.maxEntries)
    const maxWeight = options.maxWeight === undefined ? undefined : parseMaxWeight(options.maxWeight)
    this.#slots.resize(maxEntries, maxWeight)
    this.#estimateAnew()
    if (this.#isHeard) this.#evictions.tell()
  }

  stats(): MemoryCacheStats {
    return {
      entryCount: this.size,
      evictionCount: this.#evictions.counts,
      policy: this.#options.policy,
      weight: this.#slots.weight,
      refusedCount: this.#refusedCount,
      ...(this.#estimates === undefined ? {} : { estimates: this.#estimates.figures }),
    }
  }

  /** Everything that has not expired, so that another process can begin with it. */
  dump(): Dump<Key, Value> {
    const entries: [Key, Value, number | null][] = []
    for (const slot of this.#slots.inOrder()) {
      if (this.#slots.isExpired(slot)) continue
      const deadline = this.#slots.deadlineAt(slot)
      entries.push([this.#slots.keyAt(slot), this.#handOut(slot), deadline === Infinity ? null : deadline])
    }
    return { format: 'tiercel-memory-1', entries }
  }

  /**
   * Sets what a dump holds; time has gone on for its entries. Of more than fit, the most valuable.
   * @returns how many are kept
   * @throws CacheError `UNREADABLE` for anything that isn't a dump
   */
  restore(dump: Dump<Key, Value>, options: RestoreOptions<Key, Value> = {}): number {
    checkDump(dump)
    let restored = 0
    for (const [key, dumped, deadline] of dump.entries.slice(-this.maxEntries)) {
      const ttl = deadline === null ? Infinity : deadline - this.clock.now()
      const value = options.revive === undefined ? dumped : options.revive(key, dumped)
      if (ttl >= 1 && value !== undefined && this.set(key, value, { ttl })) restored++
    }
    return restored
  }

  /** Looks for broken structure. @throws Error, saying what is wrong; for tests */
  check(): void {
    this.#slots.check()
  }

  #tellOfRead(key: Key): void {
    this.#estimates?.request(key)
    if (this.#isHeard) this.#evictions.tell()
  }

  #estimateAnew(): void {
    if (this.#estimates === undefined) return
    this.#estimates = new SizeEstimates(this.#options.policy, this.maxEntries, this.#options.seed)
  }

  #setWithCare(key: Key, value: Value, ttl: number): boolean {
    const kept = this.#takeIn(value)
    const weight = this.#options.weigh === undefined ? 0 : parseWeight(this.#options.weigh(key, kept))
    const isKept = !this.#isTurnedAway(key) && this.#slots.set(key, kept, weight, ttl)
    if (!isKept) this.#refusedCount++
    return isKept
  }

  *#live(): IterableIterator<number> {
    for (const slot of this.#slots.inUse()) if (!this.#slots.isExpired(slot)) yield slot
  }

  #handOut(slot: number): Value {
    const value = this.#slots.valueAt(slot)
    return this.#copyOnRead === undefined ? value : this.#copyOnRead(value)
  }

  #takeIn(value: Value): Value {
    const kept = this.#options.copy === undefined ? value : this.#options.copy(value)
    if (this.#options.freeze) deepFreeze(kept)
    return kept
  }

  // Only what isn't here: to keep what is has been decided.
  #isTurnedAway(key: Key): boolean {
    const { doorkeeper } = this.#options
    return doorkeeper !== undefined && this.#slots.find(key) < 0 && !doorkeeper.admit(String(key))
  }
}

/**
 * A private storage in this process's memory, for the tiers of a cache. There it holds entries: `weigh` and `onEvict` see
 * `{ value, createdAt, staleAt, expiredAt }`.
 *
 * @example
 * createCache({ storages: { local: memory({ maxEntries: 50_000 }) } })
 */
export function memory<Value = unknown>(options: MemoryCacheOptions<string, Value> = {}): MemoryCache<string, Value> {
  return new MemoryCache<string, Value>(options)
}
