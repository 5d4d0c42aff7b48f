import { grownList } from './grown.ts'
import { absent, type KeyIndex } from './key-index.ts'
import { mix } from './number-index.ts'
import type { SlotHashes } from './slot-hashes.ts'
import { fullHash, type StringHash } from './string-hash.ts'

/**
 * Keys of any type to slots, as `Map` understands them: objects by identity, NaN equal to itself. For what the faster
 * indexes can't hold.
 */
export class MapIndex<Key> implements KeyIndex<Key> {
  readonly #slots = new Map<Key, number>()
  #keys: (Key | undefined)[] = []
  readonly #hashes: SlotHashes
  readonly #seed: number
  readonly #strings: StringHash
  // An object has nothing to compute a hash from. It gets a number, and keeps it while it lives, also when it is evicted.
  readonly #identities = new WeakMap<object, number>()
  #identified = 0

  constructor(seed: number, hashes: SlotHashes) {
    this.#seed = seed
    this.#hashes = hashes
    this.#strings = fullHash(seed)
  }

  reserve(slots: number): void {
    this.#hashes.reserve(slots)
    this.#keys = grownList(this.#keys, slots)
  }

  find(key: Key): number {
    return this.#slots.get(key) ?? absent
  }

  insert(key: Key, slot: number): number {
    const hash = this.#contentHash(key)
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

  #contentHash(key: Key): number {
    if (typeof key === 'string') return this.#strings.of(key)
    if (typeof key === 'number' && (key | 0) === key) return mix(key ^ this.#seed)
    if ((typeof key === 'object' && key !== null) || typeof key === 'function') return mix(this.#identify(key))
    return this.#strings.of(String(key))
  }

  #identify(key: object): number {
    let identity = this.#identities.get(key)
    if (identity === undefined) {
      identity = ++this.#identified ^ this.#seed
      this.#identities.set(key, identity)
    }
    return identity
  }
}
