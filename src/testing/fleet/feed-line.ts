import type { Feed, FeedListener } from '../../contracts/storage.ts'
import type { Clock, Timer } from '../../kernel/clock.ts'
import type { Dice } from './dice.ts'

/** What is on its way to somebody who follows. */
interface Message {
  readonly timer: Timer
  /** Told when it has arrived. */
  readonly onArrival: Set<() => void>
}

/**
 * One process's connection to a storage's feed. Each message takes a time of its own, so that they may overtake each other.
 * A line that is lost loses what is on its way, and is noticed to be broken after a while; once it is mended its follower
 * is told so, and misses nothing from then on.
 */
export class FeedLine implements Feed {
  /** What its follower takes it for. */
  isHeard = false
  /** It has been told to be broken, and not yet to be unbroken again. */
  isBlind = false
  /** Told with each `unbroken` that arrives, and whether it was the first. */
  onUnbroken: ((isFirst: boolean) => void) | undefined
  readonly #feed: Feed
  readonly #clock: Clock
  readonly #dice: Dice
  readonly #delays: readonly number[]
  readonly #vague: number
  readonly #onTheirWay = new Set<Message>()
  #listener: FeedListener | undefined
  #state: 'up' | 'lost' | 'dead' = 'up'
  #isNoticed = true
  #hasBegun = false
  #openFrom = 0

  /**
   * @param delays milliseconds of which each message takes one
   * @param vague how often it says that everything may have changed, instead of what has
   */
  constructor(feed: Feed, clock: Clock, dice: Dice, delays: readonly number[], vague: number) {
    this.#feed = feed
    this.#vague = vague
    this.#clock = clock
    this.#dice = dice
    this.#delays = delays
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  follow(prefix: string, listener: FeedListener): { stop(): Promise<void> } {
    this.#listener = listener
    const following = this.#feed.follow(prefix, {
      unbroken: () => this.#sayUnbroken(),
      changed: (keys) => {
        // A feed may always say less exactly what it knows.
        if (this.#dice.happens(this.#vague)) this.#send(() => listener.changedAll())
        else this.#send(() => listener.changed(keys))
      },
      changedAll: () => this.#send(() => listener.changedAll()),
      broken: () => {},
    })
    return {
      stop: () => {
        this.die()
        return following.stop()
      },
    }
  }

  /** Loses everything from now on. @param noticedAfter milliseconds until it is known */
  lose(noticedAfter: number): void {
    if (this.#state !== 'up') return
    this.#state = 'lost'
    this.#isNoticed = false
    for (const { timer } of this.#onTheirWay) timer.cancel()
    this.#onTheirWay.clear()
    this.#clock.after(noticedAfter, () => {
      if (this.#state !== 'lost') return
      this.#isNoticed = true
      if (!this.#hasBegun) return
      this.isHeard = false
      this.isBlind = true
      this.#listener?.broken(new Error('the line was lost'))
    })
  }

  /** Is taken up again, if the loss was noticed. */
  mend(): void {
    if (this.#state !== 'lost' || !this.#isNoticed) return
    this.#state = 'up'
    if (this.#listener !== undefined) this.#sayUnbroken()
  }

  /** The process is gone. */
  die(): void {
    this.#state = 'dead'
    this.isHeard = false
    for (const { timer } of this.#onTheirWay) timer.cancel()
    this.#onTheirWay.clear()
  }

  /** Calls back when everything that is on its way now has arrived; never, if it is lost before. */
  afterHeard(callback: () => void): void {
    if (!this.isHeard || this.#state !== 'up') return
    const awaited = new Set(this.#onTheirWay)
    if (awaited.size === 0) return callback()
    for (const message of awaited) {
      message.onArrival.add(() => {
        awaited.delete(message)
        if (awaited.size === 0) callback()
      })
    }
  }

  #sayUnbroken(): void {
    this.#openFrom = this.#send(() => {
      const isFirst = !this.#hasBegun
      this.#hasBegun = true
      this.isHeard = true
      this.isBlind = false
      this.#listener?.unbroken()
      this.onUnbroken?.(isFirst)
    })
  }

  // Not before the line was said to be unbroken.
  #send(tell: () => void): number {
    if (this.#state !== 'up') return 0
    const now = this.#clock.now()
    const at = Math.max(this.#openFrom, now + this.#dice.one(this.#delays))
    const onArrival = new Set<() => void>()
    const timer = this.#clock.after(at - now, () => {
      this.#onTheirWay.delete(message)
      tell()
      for (const arrived of onArrival) arrived()
    })
    const message: Message = { timer, onArrival }
    this.#onTheirWay.add(message)
    return at
  }
}
