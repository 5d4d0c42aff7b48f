import { grownNumbers } from '../structures/grown.ts'

/** What entries weigh, by slot, and together. */
export class Weights {
  max: number
  #total = 0
  #of = new Float64Array(0)

  constructor(max: number) {
    this.max = max
  }

  get total(): number {
    return this.#total
  }

  reserve(slots: number): void {
    this.#of = grownNumbers(this.#of, slots)
  }

  of(slot: number): number {
    return this.#of[slot] ?? 0
  }

  hasRoomFor(weight: number): boolean {
    return this.#total + weight <= this.max
  }

  set(slot: number, weight: number): void {
    this.#total += weight - this.of(slot)
    this.#of[slot] = weight
  }

  /** @param isLast whether nothing is left now: then errors of rounding go too */
  remove(slot: number, isLast: boolean): void {
    this.set(slot, 0)
    if (isLast) this.#total = 0
  }

  clear(): void {
    this.#of.fill(0)
    this.#total = 0
  }

  /** @throws Error when the sum is wrong; for tests */
  check(slots: readonly number[]): void {
    const total = slots.reduce((sum, slot) => sum + this.of(slot), 0)
    if (Math.abs(total - this.#total) > 1e-6 * Math.max(1, total)) throw new Error('the weights have lost count')
    if (this.#total > this.max) throw new Error('heavier than it may be')
  }
}
