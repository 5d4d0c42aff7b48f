/**
 * From a key to the slot it has, and back. One index knows one type of keys; a cache that is given another moves
 * everything into a `MapIndex`, once.
 */
export interface KeyIndex<Key> {
  /** Makes room for slots below `slots`. */
  reserve(slots: number): void
  /** @returns the key's slot; or {@link absent}; or {@link foreign}, for a key this index can't hold */
  find(key: Key): number
  /**
   * Puts in the key that {@link find} has just not found: nothing else may have been looked for since.
   * @returns 32 bits that are always the same for this key, as long as the index is the same
   */
  insert(key: Key, slot: number): number
  /** Takes out the key that has this slot. */
  remove(slot: number): void
  /** The key that has this slot, which must be in use. */
  keyAt(slot: number): Key
  clear(): void
  /** Looks for broken structure. @throws Error, saying what is wrong; for tests */
  check(slots: readonly number[]): void
}

export const absent = -1
export const foreign = -2
