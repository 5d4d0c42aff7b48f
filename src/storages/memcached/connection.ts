import { systemClock, type Timer } from '../../kernel/clock.ts'
import { CacheError, describe } from '../../kernel/errors.ts'
import { encodeBatch, type MetaCommand } from './meta-command.ts'
import { ProtocolError } from './protocol-error.ts'
import { flagIn, ReplyParser, statusOf, type Reply } from './reply-parser.ts'

// What is shorter the server takes in one go.
const muchToTake = 4_096

/** What a connection needs of a socket, with TLS or without. */
export interface Wire {
  /** Bytes that are to be written and have not been taken yet. */
  readonly writableLength: number
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'close', listener: () => void): unknown
  write(bytes: Uint8Array, onTaken?: () => void): unknown
  write(text: string, encoding: 'latin1', onTaken?: () => void): unknown
  setNoDelay(isOff: boolean): unknown
  ref(): unknown
  unref(): unknown
  destroy(): unknown
}

/** What a connection goes by. */
export interface ConnectionOptions {
  readonly silence: number
  readonly isTls: boolean
}

/**
 * One connection, with any number of questions on the way. Answers come in the order of the questions, so one that is
 * late, or makes no sense, ends the connection: everything behind it would go to the wrong caller.
 *
 * It keeps the process alive only while it owes an answer.
 */
export class Connection {
  readonly #server: string
  readonly #socket: Wire
  readonly #silence: number
  readonly #isNudged: boolean
  readonly #onEnd: (failure: CacheError) => void
  readonly #waiting: Exchange[] = []
  #heardAt = 0
  #watch: Timer | undefined
  #failure: CacheError | undefined

  /**
   * @param socket is connected
   * @param options `silence`: milliseconds without a byte while answers are owed, after which the connection is given up;
   *   `isTls`: memcached (seen with 1.6.18) waits for the network while OpenSSL holds the rest of what it has received,
   *   so that something has to be sent behind whatever may not have been read in one go
   * @param onEnd called once, when it is of no use any more
   */
  constructor(server: string, socket: Wire, options: ConnectionOptions, onEnd: (failure: CacheError) => void) {
    this.#server = server
    this.#socket = socket
    this.#silence = options.silence
    this.#isNudged = options.isTls
    this.#onEnd = onEnd
    const parser = new ReplyParser((reply) => this.#take(reply))
    socket.setNoDelay(true)
    socket.unref()
    socket.on('data', (chunk) => this.#hear(parser, chunk))
    socket.on('error', (error) => this.#end(error.message, error))
    socket.on('close', () => this.#end('the connection was closed'))
  }

  /** Whether it can still be asked. */
  get isUsable(): boolean {
    return this.#failure === undefined
  }

  /**
   * Sends commands, and answers with a reply for each; `undefined` where the server was silent, which only a quiet
   * command allows.
   */
  ask(commands: readonly MetaCommand[]): Promise<(Reply | undefined)[]> {
    return new Promise((resolve, reject) => {
      this.#send(encodeBatch(commands), new Batch(commands, resolve, reject))
    })
  }

  /** Sends a line of the older protocol. @returns every line of the answer, the last of which `isLast` knows */
  askText(text: string, isLast: (reply: Reply) => boolean): Promise<readonly Reply[]> {
    return new Promise((resolve, reject) => {
      const replies: Reply[] = []
      this.#send(text, {
        reject,
        take(reply) {
          replies.push(reply)
          if (!isLast(reply)) return false
          resolve(replies)
          return true
        },
      })
    })
  }

  /** Gives it up. Whoever waits for an answer is told. */
  close(): void {
    this.#end('the connection was closed')
  }

  #send(bytes: string | Uint8Array, exchange: Exchange): void {
    if (this.#failure !== undefined) return exchange.reject(this.#failure)
    this.#waiting.push(exchange)
    const isMuch = exchange !== nudge && (bytes.length > muchToTake || this.#socket.writableLength > 0)
    if (typeof bytes === 'string') this.#socket.write(bytes, 'latin1', isMuch ? () => this.#taken() : undefined)
    else this.#socket.write(bytes, isMuch ? () => this.#taken() : undefined)
    if (this.#waiting.length > 1) return
    this.#heardAt = systemClock.now()
    this.#socket.ref()
    this.#watch ??= systemClock.after(this.#silence, () => this.#look())
  }

  /** What the server takes off the wire is a sign of life as well. */
  #taken(): void {
    this.#heardAt = systemClock.now()
    if (this.#isNudged && this.#failure === undefined) this.#send(encodeBatch([]), nudge)
  }

  #hear(parser: ReplyParser, chunk: Uint8Array): void {
    this.#heardAt = systemClock.now()
    try {
      parser.push(chunk)
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error), error)
    }
  }

  #take(reply: Reply): void {
    const [first] = this.#waiting
    if (first === undefined) {
      // At its limit of connections the server says so, and hangs up.
      throw new ProtocolError(`nothing was asked, and it says ${describe(reply.line)}`)
    }
    if (!first.take(reply)) return
    this.#waiting.shift()
    if (this.#waiting.length === 0) this.#socket.unref()
  }

  /** One timer for all that is asked: it looks whether anything was heard since, and waits on if so. */
  #look(): void {
    this.#watch = undefined
    if (this.#waiting.length === 0) return
    const quiet = systemClock.now() - this.#heardAt
    if (quiet >= this.#silence) return this.#end(`no answer for ${this.#silence} ms`)
    this.#watch = systemClock.after(this.#silence - quiet, () => this.#look())
  }

  #end(reason: string, cause?: unknown): void {
    if (this.#failure !== undefined) return
    const message = `memcached ${this.#server}: ${reason}`
    this.#failure = new CacheError('STORAGE_UNAVAILABLE', message, { cause })
    this.#watch?.cancel()
    this.#socket.destroy()
    for (const exchange of this.#waiting.splice(0)) exchange.reject(this.#failure)
    this.#onEnd(this.#failure)
  }
}

/** A question on the way. */
interface Exchange {
  /** @returns whether that was the last of the answer */
  take(reply: Reply): boolean
  reject(error: Error): void
}

const nudge: Exchange = { take: () => true, reject: () => undefined }

const refusals = new Set(['ERROR', 'CLIENT_ERROR', 'SERVER_ERROR'])

class Batch implements Exchange {
  readonly reject: (error: Error) => void
  readonly #resolve: (replies: (Reply | undefined)[]) => void
  readonly #commands: readonly MetaCommand[]
  readonly #replies: (Reply | undefined)[]
  /** Place of the last command that was answered. */
  #last = -1

  constructor(
    commands: readonly MetaCommand[],
    resolve: (replies: (Reply | undefined)[]) => void,
    reject: (error: Error) => void,
  ) {
    this.#commands = commands
    this.#replies = new Array<Reply | undefined>(commands.length).fill(undefined)
    this.#resolve = resolve
    this.reject = reject
  }

  take(reply: Reply): boolean {
    if (reply.line === 'MN') {
      this.#advance(this.#commands.length)
      this.#resolve(this.#replies)
      return true
    }
    const place = this.#placeOf(reply)
    this.#advance(place)
    this.#replies[place] = reply
    return false
  }

  /** A refusal doesn't say which command it is about: it can only be the next that isn't quiet. */
  #placeOf(reply: Reply): number {
    const place = Number(flagIn(reply, 'O') ?? NaN)
    if (place > this.#last && place < this.#commands.length) return place
    if (refusals.has(statusOf(reply))) {
      const refused = this.#commands.findIndex(({ isQuiet }, index) => index > this.#last && !isQuiet)
      if (refused !== -1) return refused
    }
    throw new ProtocolError(`an answer to another question: ${describe(reply.line)}`)
  }

  /** Answers come in order, so what was passed over stays unanswered. */
  #advance(place: number): void {
    for (let index = this.#last + 1; index < place; index++) {
      if (this.#commands[index]?.isQuiet === false) throw new ProtocolError('a command without an answer')
    }
    this.#last = place
  }
}
