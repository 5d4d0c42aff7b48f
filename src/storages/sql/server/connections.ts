import type { Clock } from '../../../kernel/clock.ts'
import { CacheError } from '../../../kernel/errors.ts'
import { withDeadline } from '../../../flight/deadline.ts'
import { backOff } from '../back-off.ts'
import { ReconnectGate } from './reconnect-gate.ts'

/** Where connections come from: a pool, or one that the program has. */
export interface ConnectionSource<Client> {
  connect(): Promise<LentConnection<Client>>
  /** Lets go of what is ours. */
  end(): Promise<void>
}

/** A connection, until it is given back. */
export interface LentConnection<Client> {
  readonly client: Client
  /** Gives it back; one that can't be used any more is closed. */
  release(state: 'usable' | 'broken'): void
}

/**
 * What an error of a statement means: `conflict`, it lost against another transaction and can be run again; `refused`,
 * the server has answered and the connection is as good as before; `broken`, anything else.
 */
export type StatementFault = 'conflict' | 'refused' | 'broken'

/** How long things may take, in milliseconds. */
export interface ConnectionLimits {
  /** Getting a connection, a free one or a new one. */
  readonly connect: number
  /** What is done on it. */
  readonly statement: number
}

/** What {@link Connections} works with. */
export interface ConnectionsOptions<Client> {
  readonly dialect: string
  readonly source: ConnectionSource<Client>
  readonly limits: ConnectionLimits
  readonly clock: Clock
  readonly faultOf: (error: unknown) => StatementFault
}

// By then it isn't chance any more.
const mostAttempts = 8

/** Runs statements on connections: within time limits, again after a conflict, and never on a broken one. */
export class Connections<Client> {
  readonly #options: ConnectionsOptions<Client>
  readonly #gate: ReconnectGate

  constructor(options: ConnectionsOptions<Client>) {
    this.#options = options
    this.#gate = new ReconnectGate(options.clock)
  }

  /**
   * Does something on a connection. After a conflict it is done again, from the start.
   * @throws CacheError `STORAGE_UNAVAILABLE` past a limit; else what the driver throws
   */
  async use<Answer>(action: (client: Client) => Promise<Answer>): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#useOnce(action)
      } catch (error) {
        if (attempt === mostAttempts || this.#options.faultOf(error) !== 'conflict') throw error
      }
      await backOff(attempt)
    }
  }

  /** A connection for oneself alone, for as long as one likes. */
  connect(): Promise<LentConnection<Client>> {
    return this.#gate.pass(() => this.#connectInTime())
  }

  /** Lets go of the server, if need be without its consent. */
  async end(): Promise<void> {
    const { source, limits, clock } = this.#options
    const ending = withDeadline(source.end(), limits.connect, clock, () => this.#tooLate('parting', limits.connect))
    // A connection that broke, or was never made, is one less to close.
    await ending.catch(() => undefined)
  }

  async #useOnce<Answer>(action: (client: Client) => Promise<Answer>): Promise<Answer> {
    const { limits, clock, faultOf } = this.#options
    const connection = await this.connect()
    try {
      const answer = await withDeadline(action(connection.client), limits.statement, clock, () =>
        this.#tooLate('a statement', limits.statement),
      )
      connection.release('usable')
      return answer
    } catch (error) {
      connection.release(faultOf(error) === 'broken' ? 'broken' : 'usable')
      throw error
    }
  }

  #connectInTime(): Promise<LentConnection<Client>> {
    const { source, limits, clock } = this.#options
    const connecting = source.connect()
    return withDeadline(connecting, limits.connect, clock, () => {
      // It may come yet, and nobody would give it back.
      connecting.then((late) => late.release('usable')).catch(() => undefined)
      return this.#tooLate('a connection', limits.connect)
    })
  }

  #tooLate(what: string, limit: number): CacheError {
    return new CacheError('STORAGE_UNAVAILABLE', `${this.#options.dialect}: ${what} took longer than ${limit} ms`)
  }
}
