import { grownList } from './grown.ts'
import { KeyHash } from './key-hash.ts'
import { absent, type KeyIndex } from './key-index.ts'
import type { SlotHashes } from './slot-hashes.ts'

/**
 * Keys of any type to slots, as `Map` understands them: objects by identity, NaN equal to itself. For what the faster
 * indexes can't hold.
 */
export class MapIndex<Key> implements KeyIndex<Key> {
  readonly #slots = new Map<Key, number>()
  #keys: (Key | undefined)[] = []
  readonly #hashes: SlotHashes
  readonly #contentHash: KeyHash

  constructor(seed: number, hashes: SlotHashes) {
    this.#hashes = hashes
    this.#contentHash = new KeyHash(seed)
  }

  reserve(slots: number): void {
    this.#hashes.reserve(slots)
    this.#keys = grownList(this.#keys, slots)
  }

  find(key: Key): number {
    return this.#slots.get(key) ?? absent
  }

  insert(key: Key, slot: number): number {
    const hash = this.#contentHash.of(key)
    this.#slots.set(key, slot)
    this.#keys[slot] = key
    this.#hashes.of[slot] = hash
    return hash
  }

  remove(slot: number): void {
    this.#slots.delete(this.keyAt(slot))
    this.#keys[slot] = undefined
  }

  keyAt(slot: number): Key {
    return this.#keys[slot] as Key
  }

  clear(): void {
    this.#slots.clear()
    this.#keys.fill(undefined)
  }

  /** Looks for broken structure. @throws Error, saying what is wrong; for tests */
  check(slots: readonly number[]): void {
    for (const slot of slots) {
      if (this.find(this.keyAt(slot)) !== slot) throw new Error(`the key of slot ${slot} isn't found`)
    }
    if (this.#slots.size !== slots.length) throw new Error('the map has lost count')
  }
}
