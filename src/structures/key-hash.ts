import { mix } from './number-index.ts'
import { fullHash, type StringHash } from './string-hash.ts'

/** The hash of a key of any type: of all that a string or a number consists of, of the identity of an object. Seeded. */
export class KeyHash {
  readonly #seed: number
  readonly #strings: StringHash
  // An object has nothing to compute a hash from. It gets a number, and keeps it while it lives.
  readonly #identities = new WeakMap<object, number>()
  #identified = 0

  /** @param seed any 32 bits; the same seed gives the same hashes */
  constructor(seed: number) {
    this.#seed = seed
    this.#strings = fullHash(seed)
  }

  /** 32 bits. */
  of(key: unknown): number {
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
