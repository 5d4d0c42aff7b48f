import { grownList } from './grown.ts'
import { absent, foreign, type KeyIndex } from './key-index.ts'
import type { SlotHashes } from './slot-hashes.ts'
import { fullHash, learnPlaces, placeCounts, type StringHash } from './string-hash.ts'

/**
 * Strings to slots: open addressing with linear probing over one array of integers, which for a cache beats `Map`
 * in all but the smallest sizes, takes a seventh of its memory, and never stops for a rehash.
 *
 * A cell holds a slot and, in the bits that a slot doesn't need, the high bits of the key's hash; so that a key is
 * compared only with one that is almost certainly itself. Removing moves later cells back instead of leaving
 * tombstones, so a cache that is always full doesn't slow down.
 *
 * **Growing** makes an empty table and moves a few cells with every insertion; until all are moved, what isn't found
 * in the new table is looked for in the old one. Nothing is ever taken out of the old table: a cell there leads to a
 * slot, and the slot's key decides, whatever has happened to the slot meanwhile.
 *
 * **The hash** reads few characters (see {@link StringHash}), chosen from the first keys. If keys come that those
 * places can't tell apart, by chance or by malice, insertions meet equal hashes; then more places are learned, and if
 * that doesn't help, everything is read from then on. The change of hash is a move like growing.
 */
export class StringIndex implements KeyIndex<string> {
  #keys: (string | undefined)[] = []
  readonly #hashes: SlotHashes
  readonly #seed: number
  #hash: StringHash
  #cells = new Int32Array(smallestTable)
  #mask = smallestTable - 1
  #growAt = mostSlots(smallestTable)
  #old: OldTable | undefined
  // Whether the places were learned, how many keys have come since, and how many clashes there were lately.
  #hasLearned = false
  #sinceLesson = 0
  #size = 0
  #usedSlots = 0
  #clashes = 0
  // Pairs of slots whose keys clashed: what the next hash must tell apart.
  readonly #clashed = new Int32Array(clashesRemembered * 2)
  // The hash of what was looked for last.
  #sought = 0

  /** @param seed any 32 bits; the same seed gives the same hashes */
  constructor(seed: number, hashes: SlotHashes) {
    this.#seed = seed
    this.#hashes = hashes
    this.#hash = fullHash(seed)
  }

  /** How many characters of a key are read; Infinity for all, at first and after an attack. */
  get reads(): number {
    return this.#hash.reads
  }

  reserve(slots: number): void {
    this.#hashes.reserve(slots)
    this.#keys = grownList(this.#keys, slots)
  }

  find(key: unknown): number {
    if (typeof key !== 'string') return foreign
    const hash = this.#hash.of(key)
    this.#sought = hash
    const cells = this.#cells
    const mask = this.#mask
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const cell = cells[at] ?? 0
      if (cell === 0) break
      if (((cell ^ hash) & ~mask) === 0 && this.#keys[(cell & mask) - 1] === key) return (cell & mask) - 1
    }
    return this.#old === undefined ? absent : this.#findOld(key, this.#old)
  }

  insert(key: string, slot: number): number {
    const hash = this.#sought
    if (slot >= this.#growAt) this.#rebuild(this.#hash, this.#cells.length * 2)
    if (this.#old !== undefined) this.#moveSome(this.#old)
    this.#keys[slot] = key
    this.#size++
    this.#sinceLesson++
    if (slot >= this.#usedSlots) this.#usedSlots = slot + 1
    this.#place(slot, hash)
    if (this.#old === undefined && this.#isLessonDue()) this.#learn()
    return this.#hashes.of[slot] ?? 0
  }

  remove(slot: number): void {
    this.#keys[slot] = undefined
    this.#size--
    const at = this.#cellOf(slot)
    // Not moved yet: the old table's cell leads to a slot without a key now.
    if (at !== -1) this.#close(at)
  }

  keyAt(slot: number): string {
    return this.#keys[slot] ?? ''
  }

  clear(): void {
    this.#keys.fill(undefined)
    this.#cells = new Int32Array(smallestTable)
    this.#mask = smallestTable - 1
    this.#growAt = mostSlots(smallestTable)
    this.#old = undefined
    this.#hash = fullHash(this.#seed)
    this.#hasLearned = false
    this.#sinceLesson = 0
    this.#size = 0
    this.#usedSlots = 0
    this.#clashes = 0
  }

  /** Looks for broken structure. @throws Error, saying what is wrong; for tests */
  check(slots: readonly number[]): void {
    for (const slot of slots) {
      if (this.#keys[slot] === undefined) throw new Error(`slot ${slot} has no key`)
      if (this.find(this.keyAt(slot)) !== slot) throw new Error(`the key of slot ${slot} isn't found`)
    }
    const used = this.#cells.reduce((count, cell) => count + (cell === 0 ? 0 : 1), 0)
    if (used > slots.length || (this.#old === undefined && used !== slots.length)) throw new Error('cells leak')
    if (this.#size !== slots.length) throw new Error('the index has lost count')
  }

  #place(slot: number, hash: number): void {
    const mask = this.#mask
    let at = hash & mask
    for (let cell = this.#cells[at] ?? 0; cell !== 0; cell = this.#cells[at] ?? 0) {
      if (((cell ^ hash) & ~mask) === 0 && this.#hashes.of[(cell & mask) - 1] === hash)
        this.#clash(slot, (cell & mask) - 1)
      at = (at + 1) & mask
    }
    this.#cells[at] = (hash & ~mask) | (slot + 1)
    this.#hashes.of[slot] = hash
    // Forgetting slowly: one clash in sixteen insertions is what a good hash never comes near.
    if (this.#clashes > 0 && (slot & 15) === 0) this.#clashes--
  }

  #clash(slot: number, other: number): void {
    const at = (this.#clashes++ & (clashesRemembered - 1)) << 1
    this.#clashed[at] = slot
    this.#clashed[at + 1] = other
  }

  #cellOf(slot: number): number {
    const mask = this.#mask
    let at = (this.#hashes.of[slot] ?? 0) & mask
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

  #isLessonDue(): boolean {
    if (!this.#hasLearned) return this.#size >= firstLesson
    return this.#clashes > mostClashes && this.#hash.reads < Infinity
  }

  #findOld(key: string, old: OldTable): number {
    const hash = old.hash.of(key)
    for (let at = hash & old.mask; ; at = (at + 1) & old.mask) {
      const cell = old.cells[at] ?? 0
      if (cell === 0) return absent
      const slot = (cell & old.mask) - 1
      if (((cell ^ hash) & ~old.mask) === 0 && this.#keys[slot] === key) return slot
    }
  }

  #learn(): void {
    const hash = this.#nextHash()
    this.#hasLearned = true
    this.#sinceLesson = 0
    this.#clashes = 0
    this.#rebuild(hash, this.#cells.length)
  }

  // As few places as will do: others if enough keys have come to pay for the change, else more, and in the end all.
  #nextHash(): StringHash {
    const before = this.#hash
    const sample = this.#sample()
    for (const count of placeCounts) {
      if (before.reads < Infinity && count < before.reads) continue
      const hash = learnPlaces(this.#seed, sample, count)
      if (count !== before.reads) return hash
      if (this.#sinceLesson * 4 >= this.#size && hash.differsFrom(before)) return hash
    }
    return fullHash(this.#seed)
  }

  #sample(): readonly string[] {
    const keys = new Set<string>()
    for (const slot of this.#clashed) {
      const key = this.#keys[slot]
      if (key !== undefined) keys.add(key)
    }
    for (let at = 0; at < sampleSize; at++) {
      // Evenly spread and never in step: every tenth key of a counter has the same last digit.
      const key = this.#keys[Math.floor(((at * goldenRatio) % 1) * this.#usedSlots)]
      if (key !== undefined) keys.add(key)
    }
    return [...keys]
  }

  #rebuild(hash: StringHash, length: number): void {
    // Two moves at once would need two old tables; the one that is going on is brought to an end.
    while (this.#old !== undefined) this.#moveSome(this.#old)
    this.#old = { cells: this.#cells, mask: this.#mask, hash: this.#hash, moved: 0 }
    this.#cells = new Int32Array(length)
    this.#mask = length - 1
    this.#growAt = mostSlots(length)
    this.#hash = hash
  }

  #moveSome(old: OldTable): void {
    const end = Math.min(old.cells.length, old.moved + cellsPerMove)
    for (; old.moved < end; old.moved++) {
      const slot = ((old.cells[old.moved] ?? 0) & old.mask) - 1
      const key = slot < 0 ? undefined : this.#keys[slot]
      if (key === undefined) continue
      // The slot may have been given to another key since, which then is here already.
      const hash = old.hash === this.#hash ? (this.#hashes.of[slot] ?? 0) : this.#hash.of(key)
      if (!this.#has(slot, hash)) this.#place(slot, hash)
    }
    if (old.moved === old.cells.length) this.#old = undefined
  }

  #has(slot: number, hash: number): boolean {
    for (let at = hash & this.#mask; ; at = (at + 1) & this.#mask) {
      const cell = this.#cells[at] ?? 0
      if (cell === 0) return false
      if ((cell & this.#mask) === slot + 1) return true
    }
  }
}

interface OldTable {
  readonly cells: Int32Array
  readonly mask: number
  readonly hash: StringHash
  moved: number
}

// The emptier a table, the sooner a search for what isn't there ends, and the more often a processor foretells where.
// Small ones can be very empty.
function mostSlots(cells: number): number {
  if (cells <= 2 ** 16) return cells * 0.16
  return cells <= 2 ** 17 ? cells * 0.32 : cells * 0.5
}

const smallestTable = 64
const cellsPerMove = 64
const firstLesson = 32
const sampleSize = 96
const clashesRemembered = 32
const goldenRatio = 0.618033988749895
const mostClashes = 64
