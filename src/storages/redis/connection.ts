import type { RedisWords } from '../../clients/redis-client.ts'
import { withDeadline } from '../../flight/deadline.ts'
import { systemClock, type Timer } from '../../kernel/clock.ts'
import type { Reply, ServerClient } from './server-client.ts'

/** How long is waited for a server, in milliseconds. */
export interface Limits {
  /** For a connection, until it can be used. */
  readonly connect: number
  /** For any sign of life while answers are due; then the connection counts as dead. */
  readonly silence: number
}

/**
 * Connects, and gives up after a while.
 * @throws what the client says, or that it took too long
 */
export async function connect(client: ServerClient, limits: Limits): Promise<Connection> {
  try {
    await withDeadline(
      client.connect(),
      limits.connect,
      systemClock,
      () => new Error(`no connection within ${limits.connect} ms`),
    )
    return new Connection(client, limits.silence)
  } catch (error) {
    client.destroy()
    throw error
  }
}

/**
 * An established connection. It keeps the process alive only while answers are due, and ends when none comes: a
 * partner that has vanished without a word would otherwise be believed in for a quarter of an hour.
 */
export class Connection {
  readonly #client: ServerClient
  readonly #silence: number
  #due = 0
  #answers = 0
  #watch: Timer | undefined
  #lost: { readonly cause: unknown } | undefined
  #onLost: ((cause: unknown) => void) | undefined

  constructor(client: ServerClient, silence: number) {
    this.#client = client
    this.#silence = silence
    client.hold(false)
    client.onLost((cause) => this.#lose(cause))
  }

  /** Calls back once: at once, if it is lost already. */
  onLost(listener: (cause: unknown) => void): void {
    if (this.#lost === undefined) this.#onLost = listener
    else listener(this.#lost.cause)
  }

  send(words: RedisWords): Promise<Reply> {
    return this.#awaitAnswer(this.#client.send(words))
  }

  sendAll(list: readonly RedisWords[]): Promise<readonly (Reply | Error)[]> {
    return this.#awaitAnswer(this.#client.sendAll(list))
  }

  end(cause: unknown = new Error('the connection was ended')): void {
    this.#lose(cause)
  }

  async #awaitAnswer<Answer>(answer: Promise<Answer>): Promise<Answer> {
    if (this.#due++ === 0) this.#client.hold(true)
    if (this.#watch === undefined) this.#listen()
    try {
      return await answer
    } finally {
      this.#answers++
      if (--this.#due === 0 && this.#lost === undefined) this.#client.hold(false)
    }
  }

  // A timer per command would cost more than the command.
  #listen(): void {
    const { answersBefore, dueBefore } = { answersBefore: this.#answers, dueBefore: this.#due }
    this.#watch = systemClock.after(this.#silence, () => {
      this.#watch = undefined
      if (this.#due === 0 || this.#lost !== undefined) return
      if (dueBefore > 0 && this.#answers === answersBefore) {
        return this.#lose(new Error(`no answer within ${this.#silence} ms`))
      }
      this.#listen()
    })
  }

  #lose(cause: unknown): void {
    if (this.#lost !== undefined) return
    this.#lost = { cause }
    this.#watch?.cancel()
    this.#client.destroy()
    this.#onLost?.(cause)
  }
}
