import { CacheError } from '../kernel/errors.ts'

/** How a storage opens and lets go; see {@link Lifecycle}. */
export interface LifeSteps<Opened> {
  open(): Promise<Opened>
  /** Called when closing begins: what was put off must be done now. */
  hurry?(opened: Opened): void
  /** Called when every operation has ended. */
  close(opened: Opened): Promise<void>
}

/**
 * The life of a storage: opened once, by hand or by its first operation, and closed once. An opening that failed is
 * tried again by the next operation; after closing there is no way back. And the one place where an error of a
 * driver or a file system becomes a `CacheError`.
 */
export class Lifecycle<Opened> {
  readonly #name: string
  readonly #steps: LifeSteps<Opened>
  #opening: Promise<Opened> | undefined
  #closing: Promise<void> | undefined
  #running = 0
  #idle: (() => void) | undefined

  /** @param name what the storage is called in errors */
  constructor(name: string, steps: LifeSteps<Opened>) {
    this.#name = name
    this.#steps = steps
  }

  /**
   * Runs an operation on what was opened. Operations begin in the order they were called.
   * @throws CacheError `CLOSED` after {@link close} was called; else whatever it was, as `STORAGE_UNAVAILABLE`
   */
  async run<Answer>(operation: (opened: Opened) => Answer | Promise<Answer>): Promise<Answer> {
    if (this.#closing !== undefined) {
      throw new CacheError('CLOSED', `the ${this.#name} storage is closed: make a new one`)
    }
    this.#running++
    try {
      return await operation(await this.#opened())
    } catch (error) {
      throw unavailable(this.#name, error)
    } finally {
      this.#running--
      if (this.#running === 0) this.#idle?.()
    }
  }

  /** Ends the operations called before it, and refuses those called after it. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#finish()
    return this.#closing
  }

  #opened(): Promise<Opened> {
    this.#opening ??= this.#steps.open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #finish(): Promise<void> {
    // Whoever asked for an opening that failed has been told; there is nothing to let go of.
    const opened = await this.#opening?.catch(() => undefined)
    if (opened === undefined) return
    this.#steps.hurry?.(opened)
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
    await this.#steps.close(opened)
  }
}

function unavailable(name: string, error: unknown): CacheError {
  if (error instanceof CacheError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new CacheError('STORAGE_UNAVAILABLE', `the ${name} storage failed: ${reason}`, { cause: error })
}
