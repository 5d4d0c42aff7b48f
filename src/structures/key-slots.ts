/**
 * Which key of a simulated cache has which slot. Takes memory for the entries of the cache and not for the keys of the
 * trace, because dozens of caches are simulated at once.
 */
export class KeySlots {
  // 0, or a slot and 1.
  #cells = new Int32Array(smallestTable)
  #mask = smallestTable - 1
  #keys = new Uint32Array(0)
  #hashes = new Int32Array(0)

  /** Makes room for slots below `slots`. */
  reserve(slots: number): void {
    if (slots <= this.#keys.length) return
    const used = this.#keys.length
    const keys = new Uint32Array(slots)
    keys.set(this.#keys)
    const hashes = new Int32Array(slots)
    hashes.set(this.#hashes)
    this.#keys = keys
    this.#hashes = hashes
    let length = this.#cells.length
    while (length < slots * 2) length *= 2
    if (length > this.#cells.length) this.#rebuild(length, used)
  }

  /** @returns the slot of a key, or -1 */
  find(key: number, hash: number): number {
    const mask = this.#mask
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const cell = this.#cells[at] ?? 0
      if (cell === 0) return -1
      if (this.#keys[cell - 1] === key) return cell - 1
    }
  }

  /** Puts in a key that isn't there. */
  insert(key: number, slot: number, hash: number): void {
    this.#keys[slot] = key
    this.#hashes[slot] = hash
    this.#place(slot)
  }

  /** Takes out the key that has this slot. */
  remove(slot: number): void {
    const mask = this.#mask
    let hole = this.#hashAt(slot) & mask
    while (this.#cells[hole] !== slot + 1) hole = (hole + 1) & mask
    // Those behind it move up, unless they would then stand before their place.
    for (let at = (hole + 1) & mask; this.#cells[at] !== 0; at = (at + 1) & mask) {
      const home = this.#hashAt((this.#cells[at] ?? 0) - 1) & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      this.#cells[hole] = this.#cells[at] ?? 0
      hole = at
    }
    this.#cells[hole] = 0
  }

  // Grows only while the cache fills for the first time: all slots below `used` have a key.
  #rebuild(length: number, used: number): void {
    this.#cells = new Int32Array(length)
    this.#mask = length - 1
    for (let slot = 0; slot < used; slot++) this.#place(slot)
  }

  #place(slot: number): void {
    let at = this.#hashAt(slot) & this.#mask
    while (this.#cells[at] !== 0) at = (at + 1) & this.#mask
    this.#cells[at] = slot + 1
  }

  #hashAt(slot: number): number {
    return this.#hashes[slot] ?? 0
  }
}

const smallestTable = 64
