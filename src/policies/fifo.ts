import { SlotLists } from '../structures/slot-lists.ts'
import type { Policy } from './policy.ts'

/** First in, first out: what came first goes, however much it is used. The plainest there is; for comparison. */
export class Fifo implements Policy {
  readonly name = 'fifo'
  readonly #lists = new SlotLists(1)

  get size(): number {
    return this.#lists.size(0)
  }

  reserve(slots: number): void {
    this.#lists.reserve(slots)
  }

  resize(): void {}

  add(slot: number): void {
    this.#lists.pushHead(0, slot)
  }

  touch(): void {}

  evict(): number {
    const slot = this.#lists.tail(0)
    this.#lists.remove(0, slot)
    return slot
  }

  choose(): number {
    return this.evict()
  }

  refill(slot: number): void {
    this.add(slot)
  }

  remove(slot: number): void {
    this.#lists.remove(0, slot)
  }

  clear(): void {
    this.#lists.clear()
  }

  order(): IterableIterator<number> {
    return this.#lists.fromTail(0)
  }

  check(): number[] {
    return this.#lists.check(0)
  }
}
