import type { RedisWords } from '../../clients/redis-client.ts'
import { CacheError } from '../../kernel/errors.ts'
import type { Connection } from './connection.ts'
import { answeredError, type Reply } from './server-client.ts'

const shortestPause = 50
const longestPause = 2_000
// A connection that a server's answer has shown to be of no use is not exchanged more often than this.
const shortestLife = 1_000

/**
 * A way to one server that outlives its connections. Nothing happens behind the caller's back: a connection that was
 * lost is replaced by the next call, and while attempts fail, they get rarer, and calls between them fail at once.
 */
export class Link {
  readonly #connect: () => Promise<Connection>
  #connection: Connection | undefined
  #connectedAt = 0
  #attempt: Promise<Connection> | undefined
  #failures = 0
  #notBefore = 0
  #cause: unknown
  #isClosed = false

  constructor(connect: () => Promise<Connection>) {
    this.#connect = connect
  }

  /** @throws what the server answers as an error; or why there is no connection */
  send(words: RedisWords): Promise<Reply> {
    if (this.#connection !== undefined) return this.#connection.send(words)
    return this.connected().then((connection) => connection.send(words))
  }

  /** @throws why there is no connection; what the server answers as an error is among the answers */
  sendAll(list: readonly RedisWords[]): Promise<readonly (Reply | Error)[]> {
    if (this.#connection !== undefined) return sendAllOver(this.#connection, list)
    return this.connected().then((connection) => sendAllOver(connection, list))
  }

  /** The connection; made, if there is none. */
  connected(): Promise<Connection> {
    if (this.#connection !== undefined) return Promise.resolve(this.#connection)
    this.#attempt ??= this.#try().finally(() => (this.#attempt = undefined))
    return this.#attempt
  }

  /** Exchanges the connection, because this server is the wrong one by now. */
  renew(cause: unknown): void {
    if (performance.now() - this.#connectedAt >= shortestLife) this.#connection?.end(cause)
  }

  close(): void {
    this.#isClosed = true
    this.#connection?.end()
  }

  /** As {@link close}, but what has been asked is still answered. */
  retire(): void {
    this.#isClosed = true
    this.#connection?.retire()
  }

  async #try(): Promise<Connection> {
    if (this.#isClosed) throw new CacheError('CLOSED', 'the connection is closed')
    if (performance.now() < this.#notBefore) throw this.#cause
    try {
      const connection = await this.#connect()
      if (this.#isClosed) connection.end()
      this.#connection = connection
      this.#connectedAt = performance.now()
      this.#failures = 0
      connection.onLost(() => {
        if (this.#connection === connection) this.#connection = undefined
      })
      return connection
    } catch (error) {
      this.#cause = error
      this.#notBefore = performance.now() + pauseAfter(++this.#failures)
      throw error
    }
  }
}

function sendAllOver(connection: Connection, list: readonly RedisWords[]): Promise<readonly (Reply | Error)[]> {
  const [only] = list
  if (list.length > 1 || only === undefined) return connection.sendAll(list)
  return connection.send(only).then(
    (reply) => [reply],
    (error: unknown) => [answeredError(error)],
  )
}

/** Grows, and is drawn at random, or a fleet that lost one server together would come back together. */
export function pauseAfter(failures: number): number {
  const ceiling = Math.min(longestPause, shortestPause * 2 ** (failures - 1))
  return ceiling * (0.5 + Math.random() / 2)
}
