import type { Bus } from '../contracts/bus.ts'
import type { Feed, FeedListener } from '../contracts/storage.ts'
import { pause } from '../flight/deadline.ts'
import type { Chance } from '../kernel/chance.ts'
import type { Clock } from '../kernel/clock.ts'
import { partsOf, type Change } from './bus-message.ts'
import { BusSession, unavailable, type SessionEars, type Voice } from './bus-session.ts'

const shortestPause = 50
const longestPause = 1_000

/** What a feed over a bus works with. */
export interface BusFeedParts {
  readonly bus: Bus
  readonly clock: Clock
  readonly chance: Chance
}

/** The feed of those who tell each other over a bus what they change. It joins by itself, again after each break. */
export class BusFeed implements Feed {
  readonly #parts: BusFeedParts
  readonly #voice: Voice
  readonly #followers = new Set<Follower>()
  #session: BusSession | undefined
  #cause: unknown
  #isUnbroken = false
  #isEnding = false
  #ended: Promise<void> | undefined
  #hangUp: () => void = () => undefined
  readonly #hungUp = new Promise<void>((resolve) => (this.#hangUp = resolve))

  constructor(parts: BusFeedParts) {
    this.#parts = parts
    this.#voice = { id: parts.chance.token(), changeCount: 0 }
  }

  /** Joins the bus, unless it has already. */
  begin(): void {
    if (!this.#isEnding) this.#ended ??= this.#keepUp()
  }

  follow(prefix: string, listener: FeedListener): { stop(): Promise<void> } {
    const follower = { prefix, listener }
    // Whoever follows what is closed hears nothing.
    if (!this.#isEnding) this.#followers.add(follower)
    this.begin()
    queueMicrotask(() => {
      if (this.#isUnbroken && this.#followers.has(follower)) listener.unbroken()
    })
    return {
      stop: () => {
        this.#followers.delete(follower)
        return Promise.resolve()
      },
    }
  }

  /**
   * Tells everybody of a change.
   * @throws CacheError `STORAGE_UNAVAILABLE` if it may not have been told. Others will notice that something is missing.
   */
  async publish(change: Change): Promise<void> {
    const parts = partsOf(change, this.#parts.bus.longestMessage)
    this.begin()
    if (this.#session !== undefined) return whileAlive(this.#session.publish(parts))
    this.#voice.changeCount += parts.length
    throw unavailable(this.#parts.bus, this.#cause)
  }

  /** Says goodbye. Nobody hears anything any more. */
  async close(): Promise<void> {
    this.#followers.clear()
    this.#isEnding = true
    this.#hangUp()
    await this.#session?.leave()
    await this.#ended
  }

  async #keepUp(): Promise<void> {
    let wait = shortestPause
    while (!this.#isEnding) {
      this.#session = new BusSession({ ...this.#parts, voice: this.#voice, ears: this.#ears() })
      this.#cause = await this.#session.over
      this.#session = undefined
      if (this.#isEnding) return
      if (this.#isUnbroken) {
        wait = shortestPause
        this.#isUnbroken = false
        for (const { listener } of this.#followers) listener.broken(this.#cause)
      }
      // Drawn at random, or everybody would come back to a server at once.
      const rest = wait * (0.5 + this.#parts.chance.fraction() / 2)
      await Promise.race([this.#hungUp, pause(rest, this.#parts.clock)])
      wait = Math.min(longestPause, wait * 2)
    }
  }

  #ears(): SessionEars {
    return {
      begun: () => {
        this.#isUnbroken = true
        for (const { listener } of this.#followers) listener.unbroken()
      },
      told: (change) => {
        if (this.#isUnbroken) this.#tell(change)
      },
      missed: (cause) => {
        for (const { listener } of this.#followers) {
          listener.broken(cause)
          listener.unbroken()
        }
      },
    }
  }

  #tell(change: Change): void {
    for (const { prefix, listener } of this.#followers) {
      if ('prefix' in change) {
        if (change.prefix.startsWith(prefix) || prefix.startsWith(change.prefix)) listener.changedAll()
        continue
      }
      const keys = change.keys.filter((key) => key.startsWith(prefix))
      if (keys.length > 0) listener.changed(keys)
    }
  }
}

/** Nothing on a bus keeps the process alive; but somebody's change depends on this. */
async function whileAlive(publishing: Promise<void>): Promise<void> {
  const hold = setInterval(() => undefined, 2 ** 30)
  try {
    await publishing
  } finally {
    clearInterval(hold)
  }
}

interface Follower {
  readonly prefix: string
  readonly listener: FeedListener
}
