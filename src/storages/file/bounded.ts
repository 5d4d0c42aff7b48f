/** Runs so many things at once, and lets the others wait in line. */
export class Bounded {
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(limit: number) {
    this.#free = limit
  }

  async run<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#free--
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // The place is handed over, so that nobody who comes now can take it first.
      if (next === undefined) this.#free++
      else next()
    }
  }
}
