import type { FeedListener } from '../../contracts/storage.ts'
import { systemClock, type Timer } from '../../kernel/clock.ts'
import { CacheError } from '../../kernel/errors.ts'
import { openFeed } from './feed-connection.ts'
import { pauseAfter } from './link.ts'
import type { Listening } from './listening.ts'
import type { FeedWay } from './server-client.ts'
import type { Listeners } from './servers.ts'

// Which servers there are is asked so often: not every change shows by a lost connection.
const surveyEvery = 250

/** Where changes are told, and how. */
export interface FeedSource extends Listeners {
  readonly way: FeedWay
}

/**
 * Follows the changes under a prefix on every server there is, and takes it up again when any of them is lost: then
 * something may have been missed, and all of them are begun anew.
 */
export class Following {
  readonly #source: () => Promise<FeedSource>
  readonly #prefix: string
  readonly #listener: FeedListener
  #connections: readonly Listening[] = []
  #state: 'beginning' | 'unbroken' | 'stopped' = 'beginning'
  #round = 0
  #failures = 0
  #timer: Timer | undefined
  #last: FeedSource | undefined

  /** @param source asked before each beginning */
  constructor(source: () => Promise<FeedSource>, prefix: string, listener: FeedListener) {
    this.#source = source
    this.#prefix = prefix
    this.#listener = listener
    void this.#begin()
  }

  /** Nothing is told from now on. */
  stop(): void {
    this.#state = 'stopped'
    this.#timer?.cancel()
    this.#endAll()
  }

  async #begin(): Promise<void> {
    const round = ++this.#round
    try {
      const source = await this.#source()
      if (this.#state === 'stopped') return
      this.#last = source
      await this.#openAll(source, round)
      if (!this.#isCurrent(round)) return
      this.#state = 'unbroken'
      this.#failures = 0
      this.#listener.unbroken()
      this.#watchLayout(round, Infinity)
    } catch (error) {
      // Whoever follows what is closed hears nothing.
      if (error instanceof CacheError && error.code === 'CLOSED') return this.stop()
      this.#break(error, round)
    }
  }

  async #openAll(source: FeedSource, round: number): Promise<void> {
    const ears = {
      changed: (keys: readonly string[]) => {
        if (this.#isUnbroken(round)) this.#listener.changed(keys)
      },
      changedAll: () => {
        if (this.#isUnbroken(round)) this.#listener.changedAll()
      },
      lost: (cause: unknown) => this.#break(cause, round),
    }
    const attempts = await Promise.allSettled(
      source.clients(source.way).map((client) => openFeed(client, source.way, this.#prefix, ears, source.limit)),
    )
    const opened = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? attempt.value : []))
    const failed = attempts.find((attempt) => attempt.status === 'rejected')
    if (failed === undefined && this.#isCurrent(round)) {
      this.#connections = opened
      return
    }
    for (const connection of opened) connection.end()
    if (failed !== undefined) throw failed.reason
  }

  /**
   * Begins anew when the servers have become others, or at the latest at a certain moment; and says that it has broken
   * before it does, if it hasn't.
   */
  #watchLayout(round: number, latest: number): void {
    const left = latest - performance.now()
    const { survey, layout } = this.#last ?? {}
    if (survey === undefined) {
      if (left < Infinity) this.#timer = systemClock.after(left, () => void this.#begin())
      return
    }
    this.#timer = systemClock.after(Math.min(surveyEvery, left), () => {
      if (performance.now() >= latest) return void this.#begin()
      // If nobody tells, it is as it was.
      const found = survey().catch(() => layout)
      void found.then((now) => {
        if (!this.#isCurrent(round)) return
        if (now === layout) this.#watchLayout(round, latest)
        else if (this.#state === 'unbroken') this.#break(new Error('the servers share the keys differently now'), round)
        else {
          // Why it failed may be over.
          this.#failures = 0
          void this.#begin()
        }
      })
    })
  }

  #break(cause: unknown, round: number): void {
    if (!this.#isCurrent(round)) return
    const wasUnbroken = this.#state === 'unbroken'
    this.#state = 'beginning'
    this.#round++
    this.#timer?.cancel()
    this.#endAll()
    if (wasUnbroken) this.#listener.broken(cause)
    // The listener may have stopped it.
    if (this.#isStopped()) return
    // A lost connection is replaced at once; after that, pauses grow.
    const pause = wasUnbroken ? 0 : pauseAfter(++this.#failures)
    this.#watchLayout(this.#round, performance.now() + pause)
  }

  #endAll(): void {
    const connections = this.#connections
    this.#connections = []
    for (const connection of connections) connection.end()
  }

  #isCurrent(round: number): boolean {
    return this.#round === round && this.#state !== 'stopped'
  }

  #isUnbroken(round: number): boolean {
    return this.#round === round && this.#state === 'unbroken'
  }

  #isStopped(): boolean {
    return this.#state === 'stopped'
  }
}
