/**
 * One load in progress and everyone who waits for it.
 *
 * A flight is *fenced* while it may write: an invalidation breaks the fence and takes the flight off the table, so that
 * its callers still get their value, nothing is written, and the next caller starts anew.
 */
export class Flight<Value, Errand = undefined> {
  readonly key: string
  /** What it is for, and what it has found so far. */
  readonly errand: Errand
  /** What the callers wait for. Settles once, before the writes. */
  readonly answer: Promise<Value>
  #resolve!: (value: Value) => void
  #reject!: (error: unknown) => void
  #settled = false
  #whole = true
  #passengers = 0
  #deserted = false
  /** Told when the last caller has gone before there was an answer. */
  onDeserted: (() => void) | undefined

  constructor(key: string, errand: Errand) {
    this.key = key
    this.errand = errand
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // A flight that nobody waits for any more may fail without anybody being told twice.
    this.answer.catch(() => {})
  }

  /** Whether the flight may still write what it brings. */
  get fenced(): boolean {
    return this.#whole
  }

  /** Whether its callers have their answer. */
  get settled(): boolean {
    return this.#settled
  }

  /** Whether every caller has gone before there was an answer. */
  get deserted(): boolean {
    return this.#deserted
  }

  breakFence(): void {
    this.#whole = false
  }

  resolve(value: Value): void {
    this.#settled = true
    this.#resolve(value)
  }

  reject(error: unknown): void {
    this.#settled = true
    this.#reject(error)
  }

  /** One more who waits, to the end. */
  board(): Promise<Value> {
    this.#passengers++
    return this.answer
  }

  /** One more who waits, until the signal says that it has gone. Then its promise rejects with the signal's reason. */
  boardUntil(signal: AbortSignal): Promise<Value> {
    if (signal.aborted) return Promise.reject(signal.reason as Error)
    this.#passengers++
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        reject(signal.reason as Error)
        this.#passengers--
        if (this.#passengers === 0 && !this.#settled) this.#desert()
      }
      signal.addEventListener('abort', leave, { once: true })
      const settle = (): void => signal.removeEventListener('abort', leave)
      this.answer.then(resolve, reject).finally(settle)
    })
  }

  #desert(): void {
    this.#deserted = true
    this.breakFence()
    this.onDeserted?.()
  }
}
