/**
 * Work on keys, in the order it was called: one thing at a time for each key, any number of keys at once, and now
 * and then something that concerns all of them and has to be alone.
 */
export class KeyOrder {
  readonly #lastOf = new Map<string, Promise<unknown>>()
  #lastAlone: Promise<unknown> = Promise.resolve()

  /** Runs after everything that was called before for the same key. */
  run<Answer>(key: string, work: () => Promise<Answer>): Promise<Answer> {
    const answer = (this.#lastOf.get(key) ?? this.#lastAlone).then(work)
    const last = answer.then(nothing, nothing).then(() => {
      if (this.#lastOf.get(key) === last) this.#lastOf.delete(key)
    })
    this.#lastOf.set(key, last)
    return answer
  }

  /** Runs after everything that was called before, and before everything that is called later. */
  alone<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    const answer = Promise.all([this.#lastAlone, ...this.#lastOf.values()]).then(work)
    this.#lastAlone = answer.then(nothing, nothing)
    this.#lastOf.clear()
    return answer
  }
}

function nothing(): void {}
