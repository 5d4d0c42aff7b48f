/** Lets so many through at once; the others wait in line. */
export class Semaphore {
  #free: number
  readonly #line: (() => void)[] = []

  constructor(permits: number) {
    this.#free = permits
  }

  /** Waits for a permit. Give it back with {@link release}. */
  async acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free--
      return
    }
    await new Promise<void>((resolve) => this.#line.push(resolve))
  }

  release(): void {
    const next = this.#line.shift()
    if (next === undefined) this.#free++
    else next()
  }
}
