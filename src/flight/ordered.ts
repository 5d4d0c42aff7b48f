/**
 * Runs changes of the same key one after the other, in the order they were asked for, and changes of different keys
 * side by side. A change of everything waits for all that were asked before it, and all that come later wait for it.
 */
export class Ordered {
  readonly #tails = new Map<string, Promise<unknown>>()
  #everything: Promise<unknown> | undefined

  /** Runs a change of some keys when its turn has come. */
  run<Result>(keys: readonly string[], change: () => Promise<Result>): Promise<Result> {
    const before = this.#before(keys)
    const running = before.length === 0 ? change() : Promise.all(before).then(change)
    const tail = running.then(nothing, nothing)
    for (const key of keys) this.#tails.set(key, tail)
    void tail.then(() => {
      for (const key of keys) if (this.#tails.get(key) === tail) this.#tails.delete(key)
    })
    return running
  }

  /** Runs a change that may touch any key. */
  runAlone<Result>(change: () => Promise<Result>): Promise<Result> {
    const before = [...this.#tails.values(), this.#everything ?? Promise.resolve()]
    const running = Promise.all(before).then(change)
    const tail = running.then(nothing, nothing)
    this.#everything = tail
    void tail.then(() => {
      if (this.#everything === tail) this.#everything = undefined
    })
    return running
  }

  #before(keys: readonly string[]): Promise<unknown>[] {
    const before = keys.flatMap((key) => this.#tails.get(key) ?? [])
    if (this.#everything !== undefined) before.push(this.#everything)
    return before
  }
}

function nothing(): void {}
