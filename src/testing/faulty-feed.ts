import type { Feed, FeedListener } from '../contracts/storage.ts'
import type { Clock, Timer } from '../kernel/clock.ts'

/** Who follows a faulty feed, and how their line stands. */
interface Line {
  readonly listener: FeedListener
  /** The feed beneath is unbroken. */
  isUp: boolean
  /** The listener takes it for unbroken. */
  isHeard: boolean
}

type Fault =
  | { readonly kind: 'broken' | 'silent' }
  | { readonly kind: 'held'; readonly messages: (() => void)[] }
  | { readonly kind: 'slow'; readonly milliseconds: number }

/** A feed with something wrong, in one process: what `faultyStorage` makes of the feed it is given. */
export class FaultyFeed implements Feed {
  readonly #feed: Feed
  readonly #clock: Clock
  readonly #lines = new Set<Line>()
  #fault: Fault | undefined
  #onTheirWay = new Set<Timer>()

  constructor(feed: Feed, clock: Clock) {
    this.#feed = feed
    this.#clock = clock
  }

  follow(prefix: string, listener: FeedListener): { stop(): Promise<void> } {
    const line: Line = { listener, isUp: false, isHeard: false }
    this.#lines.add(line)
    const following = this.#feed.follow(prefix, {
      unbroken: () => {
        line.isUp = true
        this.#carry(() => this.#sayUnbroken(line))
      },
      changed: (keys) => this.#carry(() => line.isHeard && listener.changed(keys)),
      changedAll: () => this.#carry(() => line.isHeard && listener.changedAll()),
      broken: (cause) => {
        line.isUp = false
        this.#carry(() => this.#sayBroken(line, cause))
      },
    })
    return {
      stop: () => {
        this.#lines.delete(line)
        line.isHeard = false
        return following.stop()
      },
    }
  }

  /** Breaks, and says so; what is told meanwhile is lost. */
  break(cause: Error): void {
    this.#fault = { kind: 'broken' }
    // What was on its way is lost with the line.
    for (const timer of this.#onTheirWay) timer.cancel()
    this.#onTheirWay.clear()
    for (const line of this.#lines) this.#sayBroken(line, cause)
  }

  /** Loses what is told, and says nothing. */
  silence(): void {
    this.#fault = { kind: 'silent' }
  }

  /** Keeps what is told until it is mended. */
  hold(): void {
    this.#fault = { kind: 'held', messages: [] }
  }

  /** Tells everything so much later. */
  slow(milliseconds: number): void {
    this.#fault = { kind: 'slow', milliseconds }
  }

  /** Is as it was. */
  mend(): void {
    const fault = this.#fault
    this.#fault = undefined
    if (fault?.kind === 'held') for (const message of fault.messages) message()
    for (const line of this.#lines) if (line.isUp) this.#sayUnbroken(line)
  }

  #carry(message: () => void): void {
    const fault = this.#fault
    if (fault === undefined) return message()
    if (fault.kind === 'held') fault.messages.push(message)
    if (fault.kind !== 'slow') return
    const timer = this.#clock.after(fault.milliseconds, () => {
      this.#onTheirWay.delete(timer)
      message()
    })
    this.#onTheirWay.add(timer)
  }

  #sayUnbroken(line: Line): void {
    if (line.isHeard || !this.#lines.has(line)) return
    line.isHeard = true
    line.listener.unbroken()
  }

  #sayBroken(line: Line, cause: unknown): void {
    if (!line.isHeard) return
    line.isHeard = false
    line.listener.broken(cause)
  }
}
