/**
 * One load in progress and everyone who waits for it.
 *
 * A flight is *fenced* while it may write: an invalidation breaks the fence and takes the flight off the table, so that
 * its callers still get their value, nothing is written, and the next caller starts anew. It may *serve* its callers
 * something in the meantime, a stale value, before it *lands* with what it was started for.
 */
export class Flight<Value, Errand = undefined> {
  readonly key: string
  /** What it is for, and what it has found so far. */
  readonly errand: Errand
  /** Told when the last caller has gone before there was an answer. */
  onDeserted: (() => void) | undefined
  /** Told when its fence breaks. */
  onBroken: (() => void) | undefined
  #answer = new Deferred<Value>()
  #landing = this.#answer
  #settled = false
  #landed = false
  #fenced = true
  #closed = false
  #passengers = 0
  #deserted = false

  constructor(key: string, errand: Errand) {
    this.key = key
    this.errand = errand
  }

  /** Whether it may still write what it brings. */
  get fenced(): boolean {
    return this.#fenced
  }

  /** Whether its callers have an answer. */
  get settled(): boolean {
    return this.#settled
  }

  /** Whether it has brought what it was started for, or failed to. */
  get landed(): boolean {
    return this.#landed
  }

  /** Whether every caller has gone before there was an answer. */
  get deserted(): boolean {
    return this.#deserted
  }

  /** Whether nobody may join it any more. */
  get closed(): boolean {
    return this.#closed
  }

  /** Lets nobody join any more. It may write what it brings, unless a younger one starts. */
  close(): void {
    this.#closed = true
  }

  breakFence(): void {
    if (!this.#fenced) return
    this.#fenced = false
    this.onBroken?.()
  }

  /** Answers its callers for now, and goes on. */
  serve(value: Value): void {
    if (this.#settled) return
    this.#settled = true
    this.#landing = new Deferred()
    this.#answer.resolve(value)
  }

  /** Lands with a value. Later callers get this one. */
  resolve(value: Value): void {
    this.#land().resolve(value)
  }

  /** Lands with an error. Who was served before is not told. */
  reject(error: unknown): void {
    this.#land().reject(error)
  }

  /**
   * One more who waits: for the answer there is by then, or for the landing.
   *
   * @param signal tells when the caller has gone; its promise rejects with the signal's reason
   */
  board(until: 'answer' | 'landing' = 'answer', signal?: AbortSignal): Promise<Value> {
    const { promise } = until === 'landing' || this.#landed ? this.#landing : this.#answer
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    this.#passengers++
    return signal === undefined ? promise : this.#untilGone(promise, signal)
  }

  #land(): Deferred<Value> {
    this.#settled = true
    this.#landed = true
    return this.#landing
  }

  #untilGone(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        reject(signal.reason)
        this.#passengers--
        if (this.#passengers === 0 && !this.#settled) this.#desert()
      }
      signal.addEventListener('abort', leave, { once: true })
      const stay = (): void => signal.removeEventListener('abort', leave)
      promise.then(resolve, reject).finally(stay)
    })
  }

  #desert(): void {
    this.#deserted = true
    this.breakFence()
    this.onDeserted?.()
  }
}

class Deferred<Value> {
  readonly promise: Promise<Value>
  resolve!: (value: Value) => void
  #reject!: (error: unknown) => void

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.#reject = reject
    })
  }

  reject(reason: unknown): void {
    // A flight that nobody waits for any more may fail without anybody being told twice.
    this.promise.catch(() => {})
    this.#reject(reason)
  }
}
