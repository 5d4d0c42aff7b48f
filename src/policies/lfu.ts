import { grownBytes } from '../structures/grown.ts'
import { SlotLists } from '../structures/slot-lists.ts'
import type { Policy } from './policy.ts'

/**
 * Least frequently used: the one with the fewest uses goes, and among those the one that has had that many for
 * longest. A list for each number of uses makes every step constant. Uses are counted up to 255 and never forgotten,
 * which is the fault of this policy: what was popular once stays.
 */
export class Lfu implements Policy {
  readonly name = 'lfu'
  readonly #lists = new SlotLists(mostUses + 1)
  #uses = new Uint8Array(0)
  #size = 0
  // No list below this one has anything in it.
  #fewest = 0

  get size(): number {
    return this.#size
  }

  reserve(slots: number): void {
    this.#lists.reserve(slots)
    this.#uses = grownBytes(this.#uses, slots)
  }

  resize(): void {}

  add(slot: number): void {
    this.#put(slot, 0)
    this.#size++
  }

  touch(slot: number): void {
    const uses = this.#uses[slot] ?? 0
    this.#lists.remove(uses, slot)
    this.#put(slot, Math.min(uses + 1, mostUses))
  }

  evict(): number {
    while (this.#lists.size(this.#fewest) === 0) this.#fewest++
    const slot = this.#lists.tail(this.#fewest)
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
    this.#lists.remove(this.#uses[slot] ?? 0, slot)
    this.#size--
  }

  clear(): void {
    this.#lists.clear()
    this.#size = 0
    this.#fewest = 0
  }

  *order(): IterableIterator<number> {
    for (let uses = 0; uses <= mostUses; uses++) yield* this.#lists.fromTail(uses)
  }

  check(): number[] {
    const slots: number[] = []
    for (let uses = 0; uses <= mostUses; uses++) {
      const list = this.#lists.check(uses)
      if (list.some((slot) => this.#uses[slot] !== uses)) throw new Error(`a slot used ${uses} times says otherwise`)
      if (uses < this.#fewest && list.length > 0) throw new Error('something was used less than the least used')
      slots.push(...list)
    }
    if (slots.length !== this.#size) throw new Error('lfu has lost count')
    return slots
  }

  #put(slot: number, uses: number): void {
    this.#uses[slot] = uses
    this.#lists.pushHead(uses, slot)
    if (uses < this.#fewest) this.#fewest = uses
  }
}

const mostUses = 255
