/** Collects those that leave in one turn of the event loop, so that they travel together. */
export class Departures<Traveller> {
  readonly #travel: (together: readonly Traveller[]) => void
  #waiting: Traveller[] = []

  constructor(travel: (together: readonly Traveller[]) => void) {
    this.#travel = travel
  }

  depart(traveller: Traveller): void {
    this.#waiting.push(traveller)
    if (this.#waiting.length === 1) queueMicrotask(() => this.#leave())
  }

  #leave(): void {
    const together = this.#waiting
    this.#waiting = []
    this.#travel(together)
  }
}
