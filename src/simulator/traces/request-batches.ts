/** Gathers the requests of a trace into batches. */
export class RequestBatches {
  readonly #limit: number
  #full: Uint32Array[] = []
  #batch = new Uint32Array(batchLength)
  #length = 0
  #taken = 0

  /** @param limit how many requests are wanted at most */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Nothing more is wanted. */
  get isComplete(): boolean {
    return this.#taken >= this.#limit
  }

  /** Adds a request for the key of this number; only while not {@link isComplete}. */
  add(key: number): void {
    this.#batch[this.#length++] = key
    this.#taken++
    if (this.#length === batchLength) this.#close()
  }

  /** The batches that are full now. */
  takeFull(): readonly Uint32Array[] {
    const full = this.#full
    this.#full = []
    return full
  }

  /** All that is left, when nothing follows. */
  takeRest(): readonly Uint32Array[] {
    if (this.#length > 0) this.#close()
    return this.takeFull()
  }

  #close(): void {
    this.#full.push(this.#length === batchLength ? this.#batch : this.#batch.slice(0, this.#length))
    this.#batch = new Uint32Array(batchLength)
    this.#length = 0
  }
}

const batchLength = 2 ** 16
