import type { Clock } from '../kernel/clock.ts'

/**
 * Deadlines that all last as long, for calls that are many: they run out in the order they were set, so one timer watches
 * over all of them, and a call that ends in time costs none.
 */
export class Deadlines {
  /** Milliseconds. */
  readonly limit: number
  readonly #clock: Clock
  /** In the order they run out. */
  readonly #waiting = new Set<Waiting>()
  #isWatched = false

  /** @param limit milliseconds; `Infinity` waits as long as it takes */
  constructor(limit: number, clock: Clock) {
    this.limit = limit
    this.#clock = clock
  }

  /**
   * Waits for a promise, but not for ever.
   * @param onTimeout makes the error to reject with. What the promise does afterwards is nobody's concern
   * @param onFailure makes the error to reject with of that of the promise
   */
  guard<Value>(promise: Promise<Value>, onTimeout: () => Error, onFailure: (cause: unknown) => Error): Promise<Value> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { until: this.#clock.now() + this.limit, giveUp: () => reject(onTimeout()) }
      this.#waiting.add(waiting)
      if (!this.#isWatched && this.limit !== Infinity) this.#watch(this.limit)
      promise.then(
        (value) => {
          this.#waiting.delete(waiting)
          resolve(value)
        },
        (cause: unknown) => {
          if (this.#waiting.delete(waiting)) reject(onFailure(cause))
        },
      )
    })
  }

  // It isn't cancelled when nobody is left: the next call may be a microsecond away.
  #watch(milliseconds: number): void {
    this.#isWatched = true
    this.#clock.after(milliseconds, () => this.#look())
  }

  #look(): void {
    this.#isWatched = false
    const now = this.#clock.now()
    for (const waiting of this.#waiting) {
      if (waiting.until > now) return this.#watch(waiting.until - now)
      this.#waiting.delete(waiting)
      waiting.giveUp()
    }
  }
}

interface Waiting {
  readonly until: number
  readonly giveUp: () => void
}
