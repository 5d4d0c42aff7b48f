import type { EvictionReason } from '../contracts/local-storage.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Policy } from '../policies/policy.ts'
import { grownList } from '../structures/grown.ts'
import { absent, foreign, type KeyIndex } from '../structures/key-index.ts'
import { MapIndex } from '../structures/map-index.ts'
import { NumberIndex } from '../structures/number-index.ts'
import type { SlotHashes } from '../structures/slot-hashes.ts'
import { StringIndex } from '../structures/string-index.ts'
import { Deadlines, slotsPerSweep } from './deadlines.ts'
import type { Evictions } from './evictions.ts'
import { Weights } from './weights.ts'

/** What {@link EntrySlots} is made of. */
export interface EntrySlotsParts<Key, Value> {
  readonly clock: Clock
  readonly seed: number
  readonly hashes: SlotHashes
  readonly policy: Policy
  readonly evictions: Evictions<Key, Value>
  readonly maxEntries: number
  readonly maxWeight: number
}

/**
 * The entries of a `MemoryCache`. Each lives in a *slot*, a small number. An index leads from keys to slots, a policy
 * says which slot to empty next, and what else is known of an entry stands in arrays by slot. What isn't in use, such
 * as lifetimes, has no array and costs nothing.
 *
 * Nothing here calls a function of the user's: an operation, once begun, is completed.
 */
export class EntrySlots<Key, Value> {
  readonly #parts: EntrySlotsParts<Key, Value>
  readonly #policy: Policy
  readonly #evictions: Evictions<Key, Value>
  #values: (Value | undefined)[] = []
  readonly #freeSlots: number[] = []
  readonly #weights: Weights | undefined
  // Nothing is weighed, and nobody listens.
  readonly #isSimple: boolean
  #index: KeyIndex<Key>
  // The same index, when it is for strings.
  #strings: StringIndex | undefined
  #deadlines: Deadlines | undefined
  #maxEntries: number
  #size = 0
  // Slots below the first number have been in use; for slots below the second, all arrays have room.
  #usedSlots = 0
  #reservedSlots = 0

  constructor(parts: EntrySlotsParts<Key, Value>) {
    this.#parts = parts
    this.#policy = parts.policy
    this.#evictions = parts.evictions
    this.#maxEntries = parts.maxEntries
    this.#weights = parts.maxWeight === Infinity ? undefined : new Weights(parts.maxWeight)
    this.#isSimple = this.#weights === undefined && !parts.evictions.isListening
    this.#strings = new StringIndex(parts.seed, parts.hashes)
    this.#index = this.#strings as KeyIndex<unknown> as KeyIndex<Key>
    this.#policy.resize(parts.maxEntries)
  }

  get size(): number {
    return this.#size
  }

  get maxEntries(): number {
    return this.#maxEntries
  }

  get weight(): number {
    return this.#weights?.total ?? 0
  }

  /** The value of a key that has not expired; a use. */
  get(key: Key, now?: number): Value | undefined {
    const slot = this.find(key)
    if (slot < 0) return undefined
    if (this.#deadlines !== undefined && this.#expires(slot, this.#deadlines, now)) return undefined
    this.#policy.touch(slot)
    return this.#values[slot]
  }

  /** @returns the slot of a key, expired or not; below 0 if there is none */
  find(key: Key): number {
    // Where the compiler sees one type of index only, it puts the search right here.
    return this.#strings === undefined ? this.#index.find(key) : this.#strings.find(key)
  }

  keyAt(slot: number): Key {
    return this.#index.keyAt(slot)
  }

  /** The value in a slot that is in use. */
  valueAt(slot: number): Value {
    return this.#values[slot] as Value
  }

  deadlineAt(slot: number): number {
    return this.#deadlines?.of(slot) ?? Infinity
  }

  isExpired(slot: number, now?: number): boolean {
    const deadline = this.deadlineAt(slot)
    return deadline !== Infinity && (now ?? this.#parts.clock.now()) >= deadline
  }

  /** @param ttl milliseconds, or Infinity. @returns whether there is room for such an entry at all */
  set(key: Key, value: Value, weight: number, ttl: number): boolean {
    if (this.#isSimple && ttl === Infinity && this.#deadlines === undefined) {
      this.#setSimply(key, value)
      return true
    }
    const deadline = this.#deadlineIn(ttl)
    const slot = this.find(key)
    if (this.#weights !== undefined && weight > this.#weights.max) {
      if (slot >= 0) this.#release(slot, 'replaced')
      return false
    }
    const filled = slot < 0 ? this.#insert(key, value, weight, slot) : this.#overwrite(slot, value, weight)
    if (this.#deadlines !== undefined) this.#deadlines.set(filled, deadline)
    return true
  }

  /** @returns whether the entry had not expired */
  delete(slot: number): boolean {
    const wasThere = !this.isExpired(slot)
    this.#release(slot, wasThere ? 'deleted' : 'expired')
    return wasThere
  }

  clear(): void {
    for (const slot of this.inUse()) this.#evictions.add(this.keyAt(slot), this.valueAt(slot), 'deleted')
    this.#index.clear()
    this.#policy.clear()
    this.#weights?.clear()
    this.#deadlines?.clear()
    this.#values.fill(undefined)
    this.#freeSlots.length = 0
    this.#size = 0
    this.#usedSlots = 0
  }

  resize(maxEntries: number, maxWeight: number | undefined): void {
    this.#maxEntries = maxEntries
    if (this.#weights !== undefined && maxWeight !== undefined) this.#weights.max = maxWeight
    this.#makeRoom(0, 0)
    this.#policy.resize(maxEntries)
  }

  /** The slots in use, expired ones among them. The entries may be changed meanwhile. */
  *inUse(): IterableIterator<number> {
    for (let slot = 0; slot < this.#usedSlots; slot++) if (this.#values[slot] !== undefined) yield slot
  }

  /** The slots in use, the least valuable first. */
  inOrder(): IterableIterator<number> {
    return this.#policy.order()
  }

  /** Looks for broken structure. @throws Error, saying what is wrong; for tests */
  check(): void {
    const slots = this.#policy.check()
    if (slots.length !== this.#size) throw new Error(`${slots.length} slots in the policy's care, of ${this.#size}`)
    if (new Set(slots).size !== slots.length) throw new Error('a slot is in the care of the policy twice')
    if (this.#policy.size !== this.#size) throw new Error('the policy has lost count')
    if (this.#size > this.#maxEntries) throw new Error('too many entries')
    if (slots.some((slot) => this.#values[slot] === undefined)) throw new Error('a slot in use has no value')
    if (this.#usedSlots !== this.#size + this.#freeSlots.length) throw new Error('slots leak')
    this.#weights?.check(slots)
    this.#index.check(slots)
  }

  // Lets go of an entry that turns out to have expired.
  #expires(slot: number, deadlines: Deadlines, now?: number): boolean {
    const deadline = deadlines.of(slot)
    if (deadline === Infinity) return false
    const moment = now ?? this.#parts.clock.now()
    const isExpired = moment >= deadline
    if (isExpired) this.#release(slot, 'expired')
    if (deadlines.isSweepDue()) this.#sweep(deadlines, moment)
    return isExpired
  }

  #deadlineIn(ttl: number): number {
    if (this.#deadlines === undefined) {
      if (ttl === Infinity) return Infinity
      this.#deadlines = new Deadlines()
      this.#deadlines.reserve(this.#reservedSlots)
    }
    const isDue = this.#deadlines.isSweepDue()
    if (ttl === Infinity && !isDue) return Infinity
    const now = this.#parts.clock.now()
    if (isDue) this.#sweep(this.#deadlines, now)
    return now + ttl
  }

  #sweep(deadlines: Deadlines, now: number): void {
    const budget = { left: slotsPerSweep }
    for (let slot = deadlines.nextExpired(now, budget); slot !== -1; slot = deadlines.nextExpired(now, budget)) {
      this.#release(slot, 'expired')
    }
  }

  // As `set`, where there is nothing to watch but the number of entries.
  #setSimply(key: Key, value: Value): void {
    const slot = this.find(key)
    if (slot >= 0) {
      this.#values[slot] = value
      this.#policy.touch(slot)
    } else if (this.#size === this.#maxEntries && slot === absent) {
      this.#exchange(key, value)
    } else {
      this.#insert(key, value, 0, slot)
    }
  }

  // One goes and one comes, in the same slot: what a full cache does all the time.
  #exchange(key: Key, value: Value): void {
    const slot = this.#policy.choose()
    this.#evictions.count('capacity')
    this.#index.remove(slot)
    this.#values[slot] = value
    this.#policy.refill(slot, this.#index.insert(key, slot))
  }

  // Puts in what the index has just not found.
  #insert(key: Key, value: Value, weight: number, notFound: number): number {
    this.#makeRoom(1, weight)
    if (notFound === foreign) this.#migrate(key)
    const slot = this.#takeSlot()
    const hash = this.#index.insert(key, slot)
    this.#values[slot] = value
    if (this.#weights !== undefined) this.#weights.set(slot, weight)
    this.#policy.add(slot, hash)
    this.#size++
    return slot
  }

  #overwrite(slot: number, value: Value, weight: number): number {
    this.#countOverwritten(slot)
    this.#values[slot] = value
    if (this.#weights === undefined || weight <= this.#weights.of(slot)) this.#policy.touch(slot)
    else this.#growTo(slot, weight, this.#weights)
    this.#weights?.set(slot, weight)
    return slot
  }

  #countOverwritten(slot: number): void {
    if (this.#deadlines === undefined && !this.#evictions.isListening) return
    this.#evictions.add(this.keyAt(slot), this.valueAt(slot), this.isExpired(slot) ? 'expired' : 'replaced')
  }

  // Others must go for an entry that has become heavier, and it mustn't be among them.
  #growTo(slot: number, weight: number, weights: Weights): void {
    const more = weight - weights.of(slot)
    if (weights.hasRoomFor(more)) return this.#policy.touch(slot)
    this.#policy.remove(slot)
    while (!weights.hasRoomFor(more)) this.#evict()
    this.#policy.add(slot, this.#parts.hashes.of[slot] ?? 0)
  }

  #makeRoom(entries: number, weight: number): void {
    while (this.#size + entries > this.#maxEntries) this.#evict()
    if (this.#weights !== undefined) while (!this.#weights.hasRoomFor(weight)) this.#evict()
  }

  #evict(): void {
    this.#empty(this.#policy.evict(), 'capacity')
  }

  #release(slot: number, reason: EvictionReason): void {
    this.#policy.remove(slot)
    this.#empty(slot, reason)
  }

  #empty(slot: number, reason: EvictionReason): void {
    const evictions = this.#evictions
    if (evictions.isListening) evictions.add(this.#index.keyAt(slot), this.valueAt(slot), reason)
    else evictions.count(reason)
    this.#index.remove(slot)
    this.#values[slot] = undefined
    this.#size--
    this.#freeSlots.push(slot)
    if (this.#weights !== undefined) this.#weights.remove(slot, this.#size === 0)
    if (this.#deadlines !== undefined) this.#deadlines.set(slot, Infinity)
  }

  #takeSlot(): number {
    const free = this.#freeSlots.pop()
    if (free !== undefined) return free
    if (this.#usedSlots === this.#reservedSlots) {
      this.#reservedSlots = Math.min(this.#maxEntries, Math.max(fewestSlots, this.#reservedSlots * 2))
      this.#values = grownList(this.#values, this.#reservedSlots)
      this.#index.reserve(this.#reservedSlots)
      this.#policy.reserve(this.#reservedSlots)
      this.#weights?.reserve(this.#reservedSlots)
      this.#deadlines?.reserve(this.#reservedSlots)
    }
    return this.#usedSlots++
  }

  // A key has come that the index can't hold. While there are no others, its type decides; then everything moves.
  #migrate(key: Key): void {
    const { seed, hashes } = this.#parts
    const isNumber = typeof key === 'number' && !Number.isNaN(key)
    const isFirst = this.#size === 0
    const index: KeyIndex<unknown> =
      isFirst && typeof key === 'string'
        ? new StringIndex(seed, hashes)
        : isFirst && isNumber
          ? new NumberIndex(seed, hashes)
          : new MapIndex<unknown>(seed, hashes)
    index.reserve(this.#reservedSlots)
    for (const slot of this.inUse()) {
      index.find(this.keyAt(slot))
      index.insert(this.keyAt(slot), slot)
    }
    index.find(key)
    this.#use(index as KeyIndex<Key>)
  }

  #use(index: KeyIndex<Key>): void {
    this.#index = index
    this.#strings = index instanceof StringIndex ? index : undefined
  }
}

const fewestSlots = 16
