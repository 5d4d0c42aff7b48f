import type { PostgresClient, PostgresNotification } from '../../../clients/postgres-client.ts'
import type { Feed, FeedListener } from '../../../contracts/storage.ts'
import { pause, withDeadline } from '../../../flight/deadline.ts'
import type { Clock, Timer } from '../../../kernel/clock.ts'
import { CacheError } from '../../../kernel/errors.ts'
import type { LentConnection } from '../server/connections.ts'
import type { Told } from '../server/sql-dialect.ts'
import { readFeedMessage } from './feed-message.ts'

/*
 * One connection that listens to the channel of the table, for as long as somebody follows. A connection that has been
 * cut somewhere on the way looks like one on which nothing happens; so something has to happen: when nothing has been
 * heard for a while the server is asked, and if it doesn't answer the connection counts as broken.
 */

const longestSilence = 1_000
const askAfter = 400
const answerWithin = 500
const lookEvery = 200
const shortestPause = 50
const longestPause = 1_000

/** What a feed works with. */
export interface PostgresFeedOptions {
  readonly channel: string
  readonly clock: Clock
  connect(): Promise<LentConnection<PostgresClient>>
}

/** A feed, until its storage closes. */
export interface PostgresFeed extends Feed {
  /** Lets go of the connection; nobody hears anything any more. */
  close(): Promise<void>
}

interface Follower {
  readonly prefix: string
  readonly listener: FeedListener
}

/** The changes of one table, as those who make them tell them. */
export function postgresFeed(options: PostgresFeedOptions): PostgresFeed {
  const followers = new Set<Follower>()
  let line: Line | undefined

  const begin = (): Line => {
    const begun = new Line(options, followers)
    begun.ended.then(() => line === begun && (line = undefined)).catch(() => undefined)
    return begun
  }
  return {
    follow(prefix, listener) {
      const follower = { prefix, listener }
      followers.add(follower)
      line ??= begin()
      line.welcome(follower)
      return {
        async stop() {
          followers.delete(follower)
          if (followers.size === 0) await line?.end()
        },
      }
    },
    async close() {
      followers.clear()
      await line?.end()
    },
  }
}

/** A connection that is kept up, or taken up again, until it is ended. */
class Line {
  readonly ended: Promise<void>
  readonly #options: PostgresFeedOptions
  readonly #followers: ReadonlySet<Follower>
  #isEnding = false
  #isConnecting = false
  #isUnbroken = false
  #hangUp: () => void = () => undefined
  readonly #hungUp = new Promise<void>((resolve) => (this.#hangUp = resolve))

  constructor(options: PostgresFeedOptions, followers: ReadonlySet<Follower>) {
    this.#options = options
    this.#followers = followers
    this.ended = this.#keepUp()
  }

  /** Tells somebody who comes when the line is up already. */
  welcome(follower: Follower): void {
    queueMicrotask(() => {
      if (this.#isUnbroken && this.#followers.has(follower)) follower.listener.unbroken()
    })
  }

  async end(): Promise<void> {
    this.#isEnding = true
    this.#hangUp()
    // A connection that is only coming is let go of when it has come.
    if (!this.#isConnecting) await this.ended
  }

  async #keepUp(): Promise<void> {
    let wait = shortestPause
    while (!this.#isEnding) {
      try {
        await this.#listen()
      } catch (cause) {
        if (this.#isUnbroken) {
          wait = shortestPause
          this.#isUnbroken = false
          for (const { listener } of this.#followers) listener.broken(cause)
        }
        if (cause instanceof CacheError && cause.code === 'CLOSED') return
      }
      if (this.#isEnding) return
      // Drawn at random, or everybody would come back to a server at once.
      await Promise.race([this.#hungUp, pause(wait * (0.5 + Math.random() / 2), this.#options.clock)])
      wait = Math.min(longestPause, wait * 2)
    }
  }

  /** Listens until the line is ended; rejects when it breaks. */
  async #listen(): Promise<void> {
    const { channel, clock } = this.#options
    const connection = await this.#connect()
    const { client } = connection
    client.unref?.()
    const silence = new Silence(client, clock)
    const heard = ({ channel: from, payload }: PostgresNotification): void => {
      silence.end()
      if (from === channel && this.#isUnbroken) this.#tell(readFeedMessage(payload))
    }
    client.on('notification', heard)
    try {
      const listening = client.query({ text: `LISTEN "${channel}"`, rowMode: 'array' })
      await withDeadline(listening, longestSilence, clock, tooSilent)
      if (this.#isEnding) return
      this.#isUnbroken = true
      for (const { listener } of this.#followers) listener.unbroken()
      await Promise.race([silence.untilTooLong(), this.#hungUp])
    } finally {
      silence.stop()
      client.off('notification', heard)
      // It listens for as long as it lives, so it is of no use to others.
      connection.release('broken')
    }
  }

  async #connect(): Promise<LentConnection<PostgresClient>> {
    this.#isConnecting = true
    try {
      return await this.#options.connect()
    } finally {
      this.#isConnecting = false
    }
  }

  #tell(told: Told): void {
    for (const { prefix, listener } of this.#followers) {
      if ('prefix' in told) {
        if (told.prefix.startsWith(prefix) || prefix.startsWith(told.prefix)) listener.changedAll()
        continue
      }
      const keys = told.keys.filter((key) => key.startsWith(prefix))
      if (keys.length > 0) listener.changed(keys)
    }
  }
}

/** How long nothing has been heard of a connection. */
class Silence {
  readonly #client: PostgresClient
  readonly #clock: Clock
  #since: number
  #askedAt: number | undefined
  #timer: Timer | undefined
  #onError: ((error: Error) => void) | undefined

  constructor(client: PostgresClient, clock: Clock) {
    this.#client = client
    this.#clock = clock
    this.#since = clock.now()
  }

  /** Something was heard. */
  end(): void {
    this.#since = this.#clock.now()
  }

  /** Asks from time to time; rejects when the connection fails, or has been silent for too long. */
  untilTooLong(): Promise<never> {
    return new Promise((_, reject) => {
      this.#onError = reject
      this.#client.on('error', reject)
      this.end()
      this.#look(reject)
    })
  }

  stop(): void {
    this.#timer?.cancel()
    if (this.#onError !== undefined) this.#client.off('error', this.#onError)
  }

  #look(giveUp: (error: Error) => void): void {
    this.#timer = this.#clock.after(lookEvery, () => {
      if (this.#askedAt === undefined && this.#length() >= askAfter) this.#ask(giveUp)
      if (!this.#isTooLong()) return this.#look(giveUp)
      // If it was this process that was busy, the answer lies there, unread: one turn of the event loop brings it.
      setImmediate(() => {
        if (this.#isTooLong()) giveUp(tooSilent())
        else this.#look(giveUp)
      })
    })
  }

  #ask(giveUp: (error: Error) => void): void {
    this.#askedAt = this.#clock.now()
    this.#client.query({ text: 'SELECT 1', rowMode: 'array' }).then(() => {
      this.#askedAt = undefined
      this.end()
    }, giveUp)
  }

  /** Only a question without an answer says anything: nobody has to speak unasked. */
  #isTooLong(): boolean {
    if (this.#askedAt === undefined || this.#length() < longestSilence) return false
    return this.#clock.now() - this.#askedAt >= answerWithin
  }

  #length(): number {
    return this.#clock.now() - this.#since
  }
}

function tooSilent(): CacheError {
  return new CacheError('STORAGE_UNAVAILABLE', `postgres: the feed's connection was silent for ${longestSilence} ms`)
}
