import { grownNumbers } from './grown.ts'
import type { KeyIndex } from './key-index.ts'
import type { SlotHashes } from './slot-hashes.ts'

/**
 * Numbers to slots: open addressing as in `StringIndex`, but simpler. The keys lie side by side in an array of
 * doubles, a hash takes a few operations, and growing moves everything from the stored hashes in small portions.
 * The hash is seeded: whoever may choose ids can't choose them so that they clash.
 */
export class NumberIndex implements KeyIndex<number> {
  #keys = new Float64Array(0)
  readonly #hashes: SlotHashes
  readonly #seed: number
  #cells = new Int32Array(smallestTable)
  #mask = smallestTable - 1
  #growAt = smallestTable * mostLoad
  #old: Int32Array | undefined
  #moved = 0

  /** @param seed any 32 bits; the same seed gives the same hashes */
  constructor(seed: number, hashes: SlotHashes) {
    this.#seed = seed
    this.#hashes = hashes
  }

  // NaN is not equal to itself, and no table that compares with === can find it again.
  accepts(key: unknown): boolean {
    return typeof key === 'number' && !Number.isNaN(key)
  }

  reserve(slots: number): void {
    this.#hashes.reserve(slots)
    this.#keys = grownNumbers(this.#keys, slots)
  }

  find(key: number): number {
    return typeof key === 'number' ? this.findHashed(key, this.hashOf(key)) : -1
  }

  hashOf(key: number): number {
    const small = key | 0
    if (small === key) return mix(small ^ this.#seed)
    bits.number[0] = key
    return mix((bits.halves[0] ?? 0) ^ mix((bits.halves[1] ?? 0) ^ this.#seed))
  }

  findHashed(key: number, hash: number): number {
    const mask = this.#mask
    const cells = this.#cells
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const cell = cells[at] ?? 0
      if (cell === 0) break
      if (((cell ^ hash) & ~mask) === 0 && this.#keys[(cell & mask) - 1] === key) return (cell & mask) - 1
    }
    return this.#old === undefined ? -1 : this.#findOld(key, hash, this.#old)
  }

  insert(key: number, slot: number, hash: number): number {
    if (slot >= this.#growAt) this.#grow()
    if (this.#old !== undefined) this.#moveSome(this.#old)
    this.#keys[slot] = key
    this.#hashes.of[slot] = hash
    this.#place(slot, hash)
    return hash
  }

  remove(slot: number): void {
    this.#keys[slot] = Number.NaN
    const at = this.#cellOf(slot, this.#hashes.of[slot] ?? 0)
    if (at !== -1) this.#close(at)
  }

  keyAt(slot: number): number {
    return this.#keys[slot] ?? Number.NaN
  }

  clear(): void {
    this.#cells = new Int32Array(smallestTable)
    this.#mask = smallestTable - 1
    this.#growAt = smallestTable * mostLoad
    this.#old = undefined
  }

  /** Looks for broken structure. @throws Error, saying what is wrong; for tests */
  check(slots: readonly number[]): void {
    for (const slot of slots) {
      if (this.find(this.keyAt(slot)) !== slot) throw new Error(`the key of slot ${slot} isn't found`)
    }
    const used = this.#cells.reduce((count, cell) => count + (cell === 0 ? 0 : 1), 0)
    if (used > slots.length || (this.#old === undefined && used !== slots.length)) throw new Error('cells leak')
  }

  #place(slot: number, hash: number): void {
    let at = hash & this.#mask
    while (this.#cells[at] !== 0) at = (at + 1) & this.#mask
    this.#cells[at] = (hash & ~this.#mask) | (slot + 1)
  }

  #cellOf(slot: number, hash: number): number {
    const mask = this.#mask
    let at = hash & mask
    for (let cell = this.#cells[at] ?? 0; cell !== 0; cell = this.#cells[at] ?? 0) {
      if ((cell & mask) === slot + 1) return at
      at = (at + 1) & mask
    }
    return -1
  }

  // Empties a cell, and moves back those after it that were pushed further than they wanted to be.
  #close(hole: number): void {
    const mask = this.#mask
    let at = (hole + 1) & mask
    for (let cell = this.#cells[at] ?? 0; cell !== 0; cell = this.#cells[at] ?? 0) {
      const home = (this.#hashes.of[(cell & mask) - 1] ?? 0) & mask
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        this.#cells[hole] = cell
        hole = at
      }
      at = (at + 1) & mask
    }
    this.#cells[hole] = 0
  }

  #findOld(key: number, hash: number, old: Int32Array): number {
    const mask = old.length - 1
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const cell = old[at] ?? 0
      if (cell === 0) return -1
      if (((cell ^ hash) & ~mask) === 0 && this.#keys[(cell & mask) - 1] === key) return (cell & mask) - 1
    }
  }

  #grow(): void {
    while (this.#old !== undefined) this.#moveSome(this.#old)
    this.#old = this.#cells
    this.#moved = 0
    this.#cells = new Int32Array(this.#old.length * 2)
    this.#mask = this.#cells.length - 1
    this.#growAt = this.#cells.length * mostLoad
  }

  #moveSome(old: Int32Array): void {
    const end = Math.min(old.length, this.#moved + cellsPerMove)
    for (; this.#moved < end; this.#moved++) {
      const slot = ((old[this.#moved] ?? 0) & (old.length - 1)) - 1
      if (slot < 0 || Number.isNaN(this.#keys[slot])) continue
      // The slot may have been given to another key since, which then is here already.
      const hash = this.#hashes.of[slot] ?? 0
      if (this.#cellOf(slot, hash) === -1) this.#place(slot, hash)
    }
    if (this.#moved === old.length) this.#old = undefined
  }
}

/** Spreads 32 bits over 32 bits, each bit depending on all; one to one. */
export function mix(bits32: number): number {
  let mixed = Math.imul(bits32 ^ (bits32 >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

const number = new Float64Array(1)
const bits = { number, halves: new Int32Array(number.buffer) }

const smallestTable = 64
const mostLoad = 0.8
const cellsPerMove = 64
