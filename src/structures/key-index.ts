/**
 * From a key to the slot it has, and back. One index knows one type of keys; {@link accepts} says which, and a cache
 * that is given another moves everything into a `MapIndex`, once.
 */
export interface KeyIndex<Key> {
  /** Whether this index can hold such a key. */
  accepts(key: unknown): boolean
  /** Makes room for slots below `slots`. */
  reserve(slots: number): void
  /** @returns the key's slot, or -1 */
  find(key: Key): number
  /** What {@link findHashed} and {@link insert} want to be told, so that it is computed once for both. */
  hashOf(key: Key): number
  /** As {@link find}, for one who has asked for the hash. */
  findHashed(key: Key, hash: number): number
  /**
   * Puts in a key that isn't there.
   * @param hash as {@link hashOf} says, with no insertion in between
   * @returns 32 bits that are always the same for this key, as long as the index is the same
   */
  insert(key: Key, slot: number, hash: number): number
  /** Takes out the key that has this slot. */
  remove(slot: number): void
  /** The key that has this slot, which must be in use. */
  keyAt(slot: number): Key
  clear(): void
  /** Looks for broken structure. @throws Error, saying what is wrong; for tests */
  check(slots: readonly number[]): void
}
