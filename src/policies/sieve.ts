import { grownBytes } from '../structures/grown.ts'
import { SlotLists } from '../structures/slot-lists.ts'
import type { Policy } from './policy.ts'

/**
 * SIEVE (Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson, K. V. Rashmi, "SIEVE is simpler than LRU", NSDI 2024).
 * A queue in order of coming and a hand that walks from the oldest towards the youngest: what was used since the
 * hand came by is spared and stays in its place, the first that wasn't goes. Newcomers that nobody asks for again
 * therefore go soon, and a hit only sets a mark. Good on web traffic with few hot keys; it can't follow loops, and
 * a working set that moves away leaves behind marks that take a round of the hand to clear.
 */
export class Sieve implements Policy {
  readonly name = 'sieve'
  readonly #lists = new SlotLists(1)
  #used = new Uint8Array(0)
  // The slot to look at next; negative: begin at the tail.
  #hand = -1

  get size(): number {
    return this.#lists.size(0)
  }

  reserve(slots: number): void {
    this.#lists.reserve(slots)
    this.#used = grownBytes(this.#used, slots)
  }

  resize(): void {}

  add(slot: number): void {
    this.#used[slot] = 0
    this.#lists.pushHead(0, slot)
  }

  touch(slot: number): void {
    this.#used[slot] = 1
  }

  evict(): number {
    let slot = this.#hand < 0 ? this.#lists.tail(0) : this.#hand
    for (let spared = 0; spared < mostSpared && this.#used[slot] === 1; spared++) {
      this.#used[slot] = 0
      slot = this.#lists.towardsHead(slot)
      if (slot < 0) slot = this.#lists.tail(0)
    }
    this.#hand = slot
    this.remove(slot)
    return slot
  }

  choose(): number {
    return this.evict()
  }

  refill(slot: number): void {
    this.add(slot)
  }

  remove(slot: number): void {
    if (this.#hand === slot) this.#hand = this.#lists.towardsHead(slot)
    this.#lists.remove(0, slot)
  }

  clear(): void {
    this.#lists.clear()
    this.#hand = -1
  }

  order(): IterableIterator<number> {
    return this.#lists.fromTail(0)
  }

  check(): number[] {
    const slots = this.#lists.check(0)
    if (this.#hand >= 0 && !slots.includes(this.#hand)) throw new Error('the hand of sieve points at nothing')
    return slots
  }
}

// When everything is marked one call would walk the whole queue; it takes whom it has reached instead.
const mostSpared = 256
