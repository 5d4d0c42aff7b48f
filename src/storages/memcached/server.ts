import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import type { TlsOptions } from '../../clients/tls-options.ts'
import { withDeadline } from '../../flight/deadline.ts'
import { systemChance, type Chance } from '../../kernel/chance.ts'
import { systemClock } from '../../kernel/clock.ts'
import { CacheError, describe } from '../../kernel/errors.ts'
import { Connection } from './connection.ts'
import type { ServerAddress } from './server-address.ts'
import { readStats, Session } from './session.ts'
import { rootKey } from './wire-key.ts'

/** How servers are reached. */
export interface Reach {
  readonly namespace: string
  /** Connections to each server. */
  readonly poolSize: number
  readonly tls: TlsOptions | undefined
  readonly login: { readonly user: string; readonly password: string } | undefined
  /** Milliseconds until a connection must stand, greetings included. */
  readonly connectLimit: number
  /** Milliseconds without a byte after which a server that owes an answer is given up. */
  readonly answerLimit: number
}

// The first with the meta commands as they are now, and with keys in base64.
const oldest = [1, 6, 10]

// The first attempt after a break is free; then pauses double.
const firstPause = 50
const longestPause = 2_000

/**
 * One server: connections that are made when somebody asks, and made anew when they break. After an attempt that
 * failed there is a pause in which everybody is told so at once; the first who asks after it makes the next attempt.
 */
export class Server {
  readonly name: string
  readonly #address: ServerAddress
  readonly #reach: Reach
  readonly #chance: Chance
  readonly #places: Place[]
  #turn = 0
  #failures = 0
  #failedAt = -Infinity
  #restsUntil = -Infinity
  #failure: unknown

  constructor(address: ServerAddress, reach: Reach, chance: Chance = systemChance) {
    this.name = address.name
    this.#address = address
    this.#reach = reach
    this.#chance = chance
    this.#places = Array.from({ length: reach.poolSize }, () => ({ session: undefined, opening: undefined }))
  }

  /** A connection to work with: each in turn. @throws CacheError `STORAGE_UNAVAILABLE`, `UNSUPPORTED` */
  session(): Promise<Session> {
    this.#turn = (this.#turn + 1) % this.#places.length
    const place = this.#places[this.#turn] as Place
    if (place.session?.isUsable === true) return Promise.resolve(place.session)
    place.opening ??= this.#open(place).finally(() => (place.opening = undefined))
    return place.opening
  }

  /** Ends its connections. Whoever still waits for an answer is told. */
  close(): void {
    for (const { session } of this.#places) session?.close()
  }

  async #open(place: Place): Promise<Session> {
    if (systemClock.now() < this.#restsUntil) throw this.#failure
    try {
      place.session = await this.#greeted()
      return place.session
    } catch (error) {
      this.#rest(error)
      throw error
    }
  }

  async #greeted(): Promise<Session> {
    const { connectLimit, namespace, answerLimit, tls } = this.#reach
    const until = systemClock.now() + connectLimit
    const late = (): CacheError => this.#unavailable(`no connection within ${connectLimit} ms`)
    const socket = await this.#connected(connectLimit, late)
    let greetedAt = Infinity
    const options = { silence: answerLimit, isTls: tls !== undefined }
    const connection = new Connection(this.name, socket, options, (failure) => {
      // When a server goes, all its connections break: that is one failure.
      if (greetedAt >= this.#failedAt && greetedAt !== Infinity) this.#rest(failure)
    })
    try {
      const left = Math.max(1, until - systemClock.now())
      const largestItem = await withDeadline(this.#greet(connection), left, systemClock, late)
      greetedAt = systemClock.now()
      return new Session(connection, largestItem, rootKey(namespace), this.#chance)
    } catch (error) {
      connection.close()
      throw error
    }
  }

  #connected(limit: number, late: () => CacheError): Promise<Socket> {
    const { tls } = this.#reach
    const { host, port } = this.#address
    return new Promise((resolve, reject) => {
      const socket =
        tls === undefined ? connect({ host, port }) : connectTls({ ...(tls as ConnectionOptions), host, port })
      const timer = systemClock.after(limit, () => fail(late()))
      const fail = (error: Error): void => {
        timer.cancel()
        socket.destroy()
        reject(error instanceof CacheError ? error : this.#unavailable(error.message, error))
      }
      socket.once('error', fail)
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
        timer.cancel()
        socket.off('error', fail)
        resolve(socket)
      })
    })
  }

  /** @returns the largest item it takes */
  async #greet(connection: Connection): Promise<number> {
    if (this.#reach.login !== undefined) await this.#logIn(connection, this.#reach.login)
    const [reply] = await connection.askText('version\r\n', () => true)
    const [word, version = ''] = reply?.line.split(' ') ?? []
    if (word !== 'VERSION') throw this.#unavailable(`asked for its version, it says ${describe(reply?.line)}`)
    if (isOlder(version)) {
      const message = `memcached ${this.name} has version ${version}: ${oldest.join('.')} or later is needed`
      throw new CacheError('UNSUPPORTED', message)
    }
    const settings = await readStats(connection, 'stats settings')
    return Number(settings.get('item_size_max') ?? Infinity)
  }

  // What the protocol has for this is a `set` of user and password as the first command, under any key.
  async #logIn(
    connection: Connection,
    { user, password }: { readonly user: string; readonly password: string },
  ): Promise<void> {
    const words = Buffer.from(`${user} ${password}`)
    const line = `set login 0 0 ${words.length}\r\n${words.toString('latin1')}\r\n`
    const [reply] = await connection.askText(line, () => true)
    if (reply?.line !== 'STORED') throw this.#unavailable(`login refused: ${describe(reply?.line)}`)
  }

  #rest(failure: unknown): void {
    const now = systemClock.now()
    if (now - this.#failedAt > 2 * longestPause) this.#failures = 0
    this.#failedAt = now
    this.#failure = failure
    this.#failures++
    if (this.#failures === 1) return
    const pause = Math.min(longestPause, firstPause * 2 ** (this.#failures - 2))
    this.#restsUntil = now + pause * (0.5 + this.#chance.fraction() / 2)
  }

  #unavailable(what: string, cause?: unknown): CacheError {
    return new CacheError('STORAGE_UNAVAILABLE', `memcached ${this.name}: ${what}`, { cause })
  }
}

/** Other servers of this protocol call their versions what they like: they are taken at what they do. */
function isOlder(version: string): boolean {
  const numbers = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  if (numbers === undefined) return false
  const place = oldest.findIndex((number, index) => number !== numbers[index])
  return place !== -1 && (numbers[place] ?? 0) < (oldest[place] ?? 0)
}

interface Place {
  session: Session | undefined
  opening: Promise<Session> | undefined
}
