import { SlotLists } from '../structures/slot-lists.ts'
import type { Policy } from './policy.ts'

/** Least recently used: what was used longest ago goes. Good when what was just used is used again; helpless in scans. */
export class Lru implements Policy {
  readonly name = 'lru'
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

  touch(slot: number): void {
    this.#lists.moveToHead(0, slot)
  }

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
