/** Runs so many things at once, and lets the others wait in line. */
export class Bounded {
  readonly #waiting = new Set<() => void>()
  #free: number

  constructor(limit: number) {
    this.#free = limit
  }

  async run<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.add(resolve))
    else this.#free--
    try {
      return await work()
    } finally {
      this.#passOn()
    }
  }

  /** The place goes to whoever has waited longest, so that nobody who comes now can take it first. */
  #passOn(): void {
    for (const next of this.#waiting) {
      this.#waiting.delete(next)
      next()
      return
    }
    this.#free++
  }
}
