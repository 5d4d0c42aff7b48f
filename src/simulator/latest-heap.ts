/** A heap of moments with the latest on top. */
export class LatestHeap {
  #moments = new Int32Array(64)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The latest moment. There must be one. */
  get top(): number {
    return this.#moments[0] ?? 0
  }

  push(moment: number): void {
    if (this.#size === this.#moments.length) this.#grow()
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = this.#moments[parent] ?? 0
      if (above >= moment) break
      this.#moments[at] = above
      at = parent
    }
    this.#moments[at] = moment
  }

  /** Puts a moment in place of the latest, and lets go of that. */
  replaceTop(moment: number): void {
    this.#sink(0, moment)
  }

  /** Lets go of all moments up to and including `moment`. */
  forgetUpTo(moment: number): void {
    let kept = 0
    for (let at = 0; at < this.#size; at++) {
      const one = this.#moments[at] ?? 0
      if (one > moment) this.#moments[kept++] = one
    }
    this.#size = kept
    for (let at = (kept >> 1) - 1; at >= 0; at--) this.#sink(at, this.#moments[at] ?? 0)
  }

  #sink(at: number, moment: number): void {
    for (;;) {
      let child = at * 2 + 1
      if (child >= this.#size) break
      if (child + 1 < this.#size && (this.#moments[child + 1] ?? 0) > (this.#moments[child] ?? 0)) child++
      const below = this.#moments[child] ?? 0
      if (below <= moment) break
      this.#moments[at] = below
      at = child
    }
    this.#moments[at] = moment
  }

  #grow(): void {
    const larger = new Int32Array(this.#moments.length * 2)
    larger.set(this.#moments)
    this.#moments = larger
  }
}
