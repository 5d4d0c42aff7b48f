/**
 * Who goes when a cache is full. A policy knows entries by their slots and by a hash of the key, nothing else: no
 * keys, no values, no clock. So a simulator can drive one with numbers, and a cache can keep anything.
 *
 * The order of a new key in a full cache: `evict` until there is room, then `add`. The room is made first, so that
 * a cache never keeps more than it may, not even for a moment.
 */
export interface Policy {
  readonly name: PolicyName
  /** How many slots are in its care. */
  readonly size: number
  /** Makes room for slots below `slots`. */
  reserve(slots: number): void
  /** The cache may keep so many entries now; `Infinity` if only their weight is bounded. */
  resize(capacity: number): void
  /**
   * A slot has been filled with a key that is new to the cache.
   * @param hash 32 bits of the key; the same key has the same hash when it comes again
   */
  add(slot: number, hash: number): void
  /** A slot was read, or overwritten. */
  touch(slot: number): void
  /** Chooses one to go and lets go of it. Called only when there is one. @returns its slot */
  evict(): number
  /**
   * As {@link evict}, for a slot into which another key comes at once: the next call is {@link refill}. A full cache
   * does nothing else all the time.
   */
  choose(): number
  /** The slot just chosen holds another key now. See {@link add}. */
  refill(slot: number, hash: number): void
  /** A slot was emptied for another reason: deleted, expired. */
  remove(slot: number): void
  clear(): void
  /** Those who would go first, first; roughly, where a policy doesn't know. */
  order(): IterableIterator<number>
  /** Looks for broken structure. @returns every slot in its care; @throws Error, saying what is wrong; for tests */
  check(): number[]
}

/** The policies that can be asked for by name. */
export type PolicyName = 'tinylfu' | 'lru' | 'fifo' | 'lfu' | 'sieve' | 's3fifo' | 'arc'
