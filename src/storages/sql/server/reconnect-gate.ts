import type { Clock } from '../../../kernel/clock.ts'

const shortestPause = 50
const longestPause = 1_000

/**
 * Keeps a server that is down from being stormed by those who want to know whether it is up again. After a failure
 * everybody is refused for a while, with the same error; then one goes and looks. The pauses grow, up to a second.
 */
export class ReconnectGate {
  readonly #clock: Clock
  #failure: { readonly error: unknown; readonly until: number; readonly pause: number } | undefined
  #isProbing = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Connects, or throws what connecting threw the last time. */
  async pass<Connection>(connect: () => Promise<Connection>): Promise<Connection> {
    const failure = this.#failure
    if (failure === undefined) return this.#attempt(connect)
    if (this.#isProbing || this.#clock.now() < failure.until) throw failure.error
    this.#isProbing = true
    try {
      return await this.#attempt(connect)
    } finally {
      this.#isProbing = false
    }
  }

  async #attempt<Connection>(connect: () => Promise<Connection>): Promise<Connection> {
    const before = this.#failure
    try {
      const connection = await connect()
      this.#failure = undefined
      return connection
    } catch (error) {
      // Many may have set out together; their failures count as one.
      const pause = before === undefined ? shortestPause : Math.min(longestPause, before.pause * 2)
      this.#failure = { error, pause, until: this.#clock.now() + pause }
      throw error
    }
  }
}
