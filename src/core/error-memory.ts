/** Most errors a node remembers; beyond it the oldest go. */
const mostErrors = 1_000

/** Errors of loads that a node remembers for a while (`errorTtl`), in this process only. */
export class ErrorMemory {
  readonly #errors = new Map<string, { readonly error: unknown; readonly until: number; readonly asOf: number }>()

  /** @param asOf the tick of change tokens at which the load began */
  remember(key: string, error: unknown, until: number, asOf: number): void {
    this.#errors.delete(key)
    this.#errors.set(key, { error, until, asOf })
    if (this.#errors.size <= mostErrors) return
    for (const oldest of this.#errors.keys()) {
      this.#errors.delete(oldest)
      return
    }
  }

  find(key: string, now: number): { readonly error: unknown; readonly asOf: number } | undefined {
    const found = this.#errors.get(key)
    if (found === undefined || now < found.until) return found
    this.#errors.delete(key)
    return undefined
  }

  forget(key: string): void {
    this.#errors.delete(key)
  }

  clear(): void {
    this.#errors.clear()
  }
}
