import type { Leases, Markers, Storage } from '../../contracts/storage.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Dice } from './dice.ts'

/** What is on a line that is cut, and what can become of it. */
interface Held {
  readonly arrive: () => void
  readonly lose: () => void
}

/**
 * One process's connection to a storage: what is sent arrives in the order it was sent, and so do the answers, each after
 * a delay. A line that is cut keeps what is sent until it is mended, when all of it arrives, long after those who sent it
 * have given up; or it is lost, with the connection. A process that died sends nothing any more.
 */
export class DataLine {
  /** When something last went wrong on it. */
  troubledAt: number = -Infinity
  readonly #clock: Clock
  readonly #dice: Dice
  readonly #delays: readonly number[]
  #state: 'up' | 'cut' | 'refusing' | 'dead' = 'up'
  #held: Held[] = []
  #lastArrival = 0
  #lastAnswer = 0
  #underWay = 0
  #onIdle: (() => void) | undefined

  /** @param delays milliseconds of which each message takes one */
  constructor(clock: Clock, dice: Dice, delays: readonly number[]) {
    this.#clock = clock
    this.#dice = dice
    this.#delays = delays
  }

  /** Whether nothing is on its way, in either direction. */
  get isIdle(): boolean {
    return this.#underWay === 0
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  /** Stops carrying; what is sent waits. */
  cut(): void {
    if (this.#state !== 'dead') this.#state = 'cut'
  }

  /** Fails whatever is sent, at once. */
  refuse(): void {
    if (this.#state !== 'dead') this.#state = 'refusing'
  }

  /** Carries again. @param held what becomes of what was sent meanwhile */
  mend(held: keyof Held): void {
    if (this.#state === 'dead' || this.#state === 'up') return
    this.#state = 'up'
    this.troubledAt = this.#clock.now()
    const messages = this.#held
    this.#held = []
    for (const message of messages) message[held]()
  }

  /** The process is gone, and what it had sent and had not arrived with it. */
  die(): void {
    this.#state = 'dead'
    this.#held = []
  }

  /** A storage as it is seen over this line. */
  over(storage: Storage): Storage {
    const { leases, markers, scan, time } = storage.capabilities
    let closing: Promise<void> | undefined
    return {
      kind: storage.kind,
      type: storage.type,
      capabilities: {
        ...(leases && { leases: this.#leasesOver(leases) }),
        ...(markers && { markers: this.#markersOver(markers) }),
        ...(scan && { scan }),
        ...(time && { time: { now: () => this.#carry(() => time.now()) } }),
      },
      open: () => this.#carry(() => storage.open()),
      getMany: (keys) => this.#carry(() => storage.getMany(keys)),
      setMany: (items) => this.#carry(() => storage.setMany(items)),
      expireMany: (keys) => this.#carry(() => storage.expireMany(keys)),
      deleteMany: (keys) => this.#carry(() => storage.deleteMany(keys)),
      clear: (prefix) => this.#carry(() => storage.clear(prefix)),
      close: () => (closing ??= this.#idle().then(() => storage.close())),
    }
  }

  #leasesOver(leases: Leases): Leases {
    return {
      claimMany: (claims) => this.#carry(() => leases.claimMany(claims)),
      renewMany: (renewals) => this.#carry(() => leases.renewMany(renewals)),
      fulfilMany: (items) => this.#carry(() => leases.fulfilMany(items)),
      releaseMany: (released) => this.#carry(() => leases.releaseMany(released)),
    }
  }

  #markersOver(markers: Markers): Markers {
    return {
      ensureMany: (wanted) => this.#carry(() => markers.ensureMany(wanted)),
      changeMany: (changes) => this.#carry(() => markers.changeMany(changes)),
    }
  }

  #carry<Answer>(execute: () => Promise<Answer>): Promise<Answer> {
    if (this.#state === 'refusing') {
      this.troubledAt = this.#clock.now()
      return Promise.reject(new Error('connection refused'))
    }
    if (this.#state === 'dead') return new Promise(() => {})
    this.#underWay++
    return new Promise((resolve, reject) => {
      const lose = (): void => {
        this.#leave()
        reject(new Error('connection lost'))
      }
      const answer = (tell: () => void): void => {
        const arrive = (): void => {
          this.#leave()
          tell()
        }
        this.#lastAnswer = this.#later(this.#lastAnswer, () => this.#pass({ arrive, lose }))
      }
      const arrive = (): void => {
        execute().then(
          (answered) => answer(() => resolve(answered)),
          (error: Error) => answer(() => reject(error)),
        )
      }
      this.#lastArrival = this.#later(this.#lastArrival, () => this.#pass({ arrive, lose }))
    })
  }

  // What was sent before is carried out.
  #idle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise((resolve) => (this.#onIdle = resolve))
  }

  #leave(): void {
    this.#underWay--
    if (this.isIdle) this.#onIdle?.()
  }

  #pass(message: Held): void {
    if (this.#state === 'dead') return
    if (this.#state === 'up') return message.arrive()
    this.troubledAt = this.#clock.now()
    this.#held.push(message)
  }

  // Not before what was sent earlier.
  #later(last: number, callback: () => void): number {
    const now = this.#clock.now()
    const at = Math.max(last, now + this.#dice.one(this.#delays))
    this.#clock.after(at - now, callback)
    return at
  }
}
