/**
 * Remembers for a while which keys went, and which of two ways: the cheap cousin of `GhostList`. One cell for
 * each hash and way, and whoever comes later takes it; so some are forgotten early, which evidence can bear and an
 * algorithm that relies on its ghosts couldn't. A hash's cells for both ways lie side by side, since whoever asks asks
 * for both.
 */
export class GhostCells {
  // By hash: hash and moment for one way, hash and moment for the other.
  #cells = new Int32Array(0)
  #mask = 0
  #horizon = 0
  readonly #now: [number, number] = [1, 1]

  /** Remembers for `horizon` goings of either way. What is known is forgotten if more room is needed. */
  reserve(horizon: number): void {
    this.#horizon = horizon
    let cells = 16
    while (cells < horizon * 2) cells *= 2
    if (cells * 4 <= this.#cells.length) return
    this.#cells = new Int32Array(cells * 4)
    this.#mask = cells - 1
    this.clear()
  }

  clear(): void {
    for (let at = 1; at < this.#cells.length; at += 2) this.#cells[at] = -longest
    this.#now.fill(1)
  }

  add(way: 0 | 1, hash: number): void {
    const at = ((hash & this.#mask) << 2) + (way << 1)
    const now = this.#now[way]
    this.#cells[at] = hash
    this.#cells[at + 1] = now
    this.#now[way] = now + 1
    if (now === longest) this.clear()
  }

  /** Which ways a key went: 1 for the first, 2 for the other, 3 for both, 0 for one that isn't remembered. */
  ways(hash: number): number {
    const cells = this.#cells
    const at = (hash & this.#mask) << 2
    let ways = 0
    if (cells[at] === hash && this.#now[0] - (cells[at + 1] ?? 0) <= this.#horizon) ways = 1
    if (cells[at + 2] === hash && this.#now[1] - (cells[at + 3] ?? 0) <= this.#horizon) ways += 2
    return ways
  }
}

const longest = 2 ** 30
