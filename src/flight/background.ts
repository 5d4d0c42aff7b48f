/**
 * The owner of work that nobody waits for: refreshes behind an answer, writes behind a load.
 * It knows what is under way, so that a cache can be asked to come to rest.
 */
export class Background {
  readonly #running = new Set<Promise<void>>()
  readonly #onFailure: (error: unknown) => void

  /** @param onFailure told of work that failed; work that can fail in expected ways deals with them itself */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  /** How much is under way. */
  get size(): number {
    return this.#running.size
  }

  /** Takes over a piece of work. */
  own(work: Promise<unknown>): void {
    const running: Promise<void> = work.then(
      () => void this.#running.delete(running),
      (error: unknown) => {
        this.#running.delete(running)
        this.#onFailure(error)
      },
    )
    this.#running.add(running)
  }

  /** Resolves when nothing is under way, whatever is added meanwhile included. */
  async idle(): Promise<void> {
    // What began in this very turn is taken over at its end.
    do await Promise.all(this.#running)
    while (this.#running.size > 0)
  }
}
