import { grownNumbers } from '../structures/grown.ts'

/**
 * When entries expire, by slot. Expired ones go without being read: every now and then an operation looks at the
 * next few slots. No timer, so nothing keeps the process or the cache alive; the price is that a cache nobody touches
 * keeps what it has.
 */
export class Deadlines {
  #at = new Float64Array(0)
  #hand = 0
  #rest = stride

  reserve(slots: number): void {
    const before = this.#at.length
    this.#at = grownNumbers(this.#at, slots)
    if (this.#at.length > before) this.#at.fill(Infinity, before)
  }

  of(slot: number): number {
    return this.#at[slot] ?? Infinity
  }

  set(slot: number, deadline: number): void {
    this.#at[slot] = deadline
  }

  clear(): void {
    this.#at.fill(Infinity)
  }

  /** Whether it is time to look at a few again. */
  isSweepDue(): boolean {
    if (--this.#rest > 0) return false
    this.#rest = stride
    return true
  }

  /** Looks at the next few slots. @returns one that has expired, or -1; ask again until then */
  nextExpired(now: number, budget: { left: number }): number {
    for (; budget.left > 0; budget.left--) {
      if (this.#hand >= this.#at.length) this.#hand = 0
      const slot = this.#hand++
      if (now >= this.of(slot)) return slot
    }
    return -1
  }
}

/** Slots to look at in one sweep: four for each operation. */
export const slotsPerSweep = 32

const stride = 8
