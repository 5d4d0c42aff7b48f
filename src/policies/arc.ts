import { GhostList } from '../structures/ghost-list.ts'
import { grownBytes } from '../structures/grown.ts'
import { SlotHashes } from '../structures/slot-hashes.ts'
import { SlotLists } from '../structures/slot-lists.ts'
import type { Policy } from './policy.ts'

/**
 * ARC (N. Megiddo and D. Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003). Two LRU lists, of
 * what was used once and of what was used again, and a ghost list for each. A newcomer whose ghost is remembered says
 * that its list should have been longer, and the target moves that way. Its ghosts are remembered by their hashes here, and
 * the target moves after room was made instead of before, because a policy makes room without knowing for whom.
 */
export class Arc implements Policy {
  readonly name = 'arc'
  readonly #lists = new SlotLists(2)
  readonly #onceGone = new GhostList()
  readonly #againGone = new GhostList()
  #isAgain = new Uint8Array(0)
  readonly #hashes: SlotHashes
  #slots = 0
  // How many of what was used once we should like to keep.
  #target = 0

  constructor(hashes: SlotHashes = new SlotHashes()) {
    this.#hashes = hashes
  }

  get size(): number {
    return this.#lists.size(once) + this.#lists.size(again)
  }

  reserve(slots: number): void {
    if (slots <= this.#slots) return
    this.#slots = slots
    this.#lists.reserve(slots)
    this.#isAgain = grownBytes(this.#isAgain, slots)
    this.#hashes.reserve(slots)
    this.#onceGone.reserve(slots)
    this.#againGone.reserve(slots)
  }

  resize(): void {}

  add(slot: number, hash: number): void {
    this.#hashes.of[slot] = hash
    const size = this.size + 1
    // Each ghost list remembers as many as its list is short of the whole cache.
    const onceAge = this.#onceGone.age(hash)
    const againAge = this.#againGone.age(hash)
    const wasOnce = onceAge >= 0 && onceAge < size - this.#lists.size(once)
    const wasAgain = againAge >= 0 && againAge < size
    if (wasOnce) this.#target = Math.min(size, this.#target + 1)
    else if (wasAgain) this.#target = Math.max(0, this.#target - 1)
    this.#onceGone.remove(hash)
    this.#againGone.remove(hash)
    this.#put(slot, wasOnce || wasAgain ? again : once)
  }

  touch(slot: number): void {
    this.remove(slot)
    this.#put(slot, again)
  }

  evict(): number {
    const onces = this.#lists.size(once)
    const list = onces > 0 && (onces > this.#target || this.#lists.size(again) === 0) ? once : again
    const slot = this.#lists.tail(list)
    const ghosts = list === once ? this.#onceGone : this.#againGone
    ghosts.add(this.#hashes.of[slot] ?? 0)
    this.remove(slot)
    return slot
  }

  choose(): number {
    return this.evict()
  }

  refill(slot: number, hash: number): void {
    this.add(slot, hash)
  }

  remove(slot: number): void {
    this.#lists.remove(this.#isAgain[slot] ?? 0, slot)
  }

  clear(): void {
    this.#lists.clear()
    this.#onceGone.clear()
    this.#againGone.clear()
    this.#target = 0
  }

  *order(): IterableIterator<number> {
    yield* this.#lists.fromTail(once)
    yield* this.#lists.fromTail(again)
  }

  check(): number[] {
    const slots: number[] = []
    for (const list of [once, again]) {
      const inList = this.#lists.check(list)
      if (inList.some((slot) => this.#isAgain[slot] !== list)) throw new Error('a slot is in neither list')
      slots.push(...inList)
    }
    return slots
  }

  #put(slot: number, list: number): void {
    this.#isAgain[slot] = list
    this.#lists.pushHead(list, slot)
  }
}

const once = 0
const again = 1
