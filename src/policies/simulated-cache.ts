import { KeySlots } from '../structures/key-slots.ts'
import { mix } from '../structures/number-index.ts'
import { createPolicy } from './create-policy.ts'
import type { Policy, PolicyName } from './policy.ts'

/**
 * A cache without values: one policy at one size, replayed read-through from cold. Every request is a `get`, and on a
 * miss a `set`.
 */
export class SimulatedCache {
  readonly policy: PolicyName
  readonly size: number
  readonly #policy: Policy
  readonly #seed: number
  readonly #slots = new KeySlots()
  // Emptied by `forget`.
  readonly #free: number[] = []
  #reserved = 0
  #used = 0
  #hits = 0

  /** @param seed 32 bits, for the hashes of the keys and for policies that leave something to chance */
  constructor(policy: PolicyName, size: number, seed: number) {
    this.policy = policy
    this.size = size
    this.#seed = seed
    this.#policy = createPolicy(policy, seed)
    this.#policy.resize(size)
  }

  /** How many requests found their key. */
  get hits(): number {
    return this.#hits
  }

  replay(keys: Uint32Array): void {
    for (let at = 0; at < keys.length; at++) if (this.request(keys[at] ?? 0)) this.#hits++
  }

  /** One request. @param key 32 bits @returns whether the key was there */
  request(key: number): boolean {
    const hash = mix(key ^ this.#seed)
    const found = this.#slots.find(key, hash)
    if (found === -1) this.#admit(key, hash)
    else this.#policy.touch(found)
    return found !== -1
  }

  /** A key was deleted. */
  forget(key: number): void {
    const slot = this.#slots.find(key, mix(key ^ this.#seed))
    if (slot === -1) return
    this.#slots.remove(slot)
    this.#policy.remove(slot)
    this.#free.push(slot)
  }

  #admit(key: number, hash: number): void {
    const slot = this.#free.pop() ?? (this.#used < this.size ? this.#unusedSlot() : this.#emptiedSlot())
    this.#slots.insert(key, slot, hash)
    this.#policy.add(slot, hash)
  }

  // Room is made as it is needed: a size may be far beyond the keys there are.
  #unusedSlot(): number {
    if (this.#used === this.#reserved) {
      this.#reserved = Math.min(this.size, Math.max(smallestRoom, this.#reserved * 2))
      this.#slots.reserve(this.#reserved)
      this.#policy.reserve(this.#reserved)
    }
    return this.#used++
  }

  #emptiedSlot(): number {
    const slot = this.#policy.evict()
    this.#slots.remove(slot)
    return slot
  }
}

const smallestRoom = 64
