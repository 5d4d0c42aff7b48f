import type { RedisWords } from '../../clients/redis-client.ts'
import { withDeadline } from '../../flight/deadline.ts'
import { systemClock, type Timer } from '../../kernel/clock.ts'
import { errorCode, type Reply, type ServerClient } from './server-client.ts'

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

// How often it is looked whether answers are due, and coming. A timer per command would cost more than the command.
const lookEvery = 100

/**
 * An established connection. It keeps the process alive only while answers are due, and ends when none comes: a
 * partner that has vanished without a word would otherwise be believed in for a quarter of an hour.
 */
export class Connection {
  readonly #client: ServerClient
  readonly #silence: number
  #due = 0
  #isRetired = false
  #answers = 0
  #watch: Timer | undefined
  #lost: { readonly cause: unknown } | undefined
  #onLost: ((cause: unknown) => void) | undefined

  constructor(client: ServerClient, silence: number) {
    this.#client = client
    this.#silence = silence
    client.hold(false)
    client.onLost((cause) => this.end(cause))
  }

  /** Calls back once: at once, if it is lost already. */
  onLost(listener: (cause: unknown) => void): void {
    if (this.#lost === undefined) this.#onLost = listener
    else listener(this.#lost.cause)
  }

  /** @throws what the server answers as an error, or why the connection was lost */
  send(words: RedisWords): Promise<Reply> {
    return this.#expect(this.#client.send(words))
  }

  /** @throws why the connection was lost; what the server answers as an error is among the answers */
  sendAll(list: readonly RedisWords[]): Promise<readonly (Reply | Error)[]> {
    return this.#expect(this.#client.sendAll(list))
  }

  /** Ends it, for a reason that those who wait will hear. */
  end(cause: unknown = new Error('the connection was ended')): void {
    if (this.#lost !== undefined) return
    this.#lost = { cause }
    this.#watch?.cancel()
    this.#client.destroy()
    this.#onLost?.(cause)
  }

  /** Ends it when nothing is due any more. */
  retire(): void {
    this.#isRetired = true
    this.#endIfDone()
  }

  #expect<Answer>(answer: Promise<Answer>): Promise<Answer> {
    this.#due++
    if (this.#watch === undefined) {
      this.#client.hold(true)
      this.#look(0)
    }
    return answer.then(
      (value) => {
        this.#settle()
        return value
      },
      (error: unknown) => {
        this.#settle()
        // The client knows that it was closed, but not why.
        throw errorCode(error) === undefined ? (this.#lost?.cause ?? error) : error
      },
    )
  }

  #settle(): void {
    this.#due--
    this.#answers++
    if (this.#isRetired) this.#endIfDone()
  }

  #endIfDone(): void {
    if (this.#due === 0) this.end()
  }

  /** @param quiet for how long answers have been due and none came */
  #look(quiet: number): void {
    const before = { due: this.#due, answers: this.#answers }
    this.#watch = systemClock.after(lookEvery, () => {
      if (this.#lost !== undefined) return
      if (this.#due === 0 && this.#answers === before.answers) {
        this.#watch = undefined
        return this.#client.hold(false)
      }
      const isQuiet = before.due > 0 && this.#due > 0 && this.#answers === before.answers
      if (isQuiet && quiet + lookEvery >= this.#silence) {
        return this.end(new Error(`no answer within ${this.#silence} ms`))
      }
      this.#look(isQuiet ? quiet + lookEvery : 0)
    })
  }
}
