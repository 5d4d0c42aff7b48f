/**
 * Remembers for a while which keys went: the cheap cousin of `GhostList`. One cell for
 * each hash, and whoever comes later takes it; so some are forgotten early, which evidence can bear and an
 * algorithm that relies on its ghosts couldn't.
 */
export class GhostCells {
  #hashes = new Int32Array(0)
  #moments = new Int32Array(0)
  #mask = 0
  #horizon = 0
  #now = 1

  /** Remembers for `horizon` goings. What is known is forgotten if more room is needed. */
  reserve(horizon: number): void {
    this.#horizon = horizon
    let cells = 16
    while (cells < horizon * 2) cells *= 2
    if (cells <= this.#hashes.length) return
    this.#hashes = new Int32Array(cells)
    this.#moments = new Int32Array(cells)
    this.#mask = cells - 1
    this.clear()
  }

  clear(): void {
    this.#moments.fill(-longest)
    this.#now = 1
  }

  add(hash: number): void {
    const cell = hash & this.#mask
    this.#hashes[cell] = hash
    this.#moments[cell] = this.#now++
    if (this.#now > longest) this.clear()
  }

  has(hash: number): boolean {
    const cell = hash & this.#mask
    return this.#hashes[cell] === hash && this.#now - (this.#moments[cell] ?? 0) <= this.#horizon
  }
}

const longest = 2 ** 30
