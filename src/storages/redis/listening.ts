import { withDeadline } from '../../flight/deadline.ts'
import { systemClock, type Timer } from '../../kernel/clock.ts'
import type { ServerClient } from './server-client.ts'

// Half a second apart, and a second of silence is the end.
const beatEvery = 500
const longestSilence = 1_000
const lookEvery = 100
// Timers that are later than this say that it was this process that stood still.
const standstill = 400

/** A connection on which a server tells something unasked. It doesn't keep the process alive. */
export interface Listening {
  end(): void
}

/** How somebody listens. */
export interface ListeningSteps {
  /** Has the server tell. @param felt to be called at each sign of life */
  begin(felt: () => void): Promise<void>
  /** It has been lost, or silent for so long that it must be. Called once, and not before it was established. */
  lost(cause: unknown): void
}

/**
 * Connects, and listens until it is ended or lost; answers when nothing is missed any more.
 * @param limit milliseconds that it may take
 */
export async function listen(client: ServerClient, steps: ListeningSteps, limit: number): Promise<Listening> {
  const pulse = new Pulse(client, (cause) => {
    client.destroy()
    steps.lost(cause)
  })
  const beginning = async (): Promise<void> => {
    await client.connect()
    client.hold(false)
    await steps.begin(() => pulse.felt())
  }
  try {
    await withDeadline(beginning(), limit, systemClock, () => new Error(`no feed within ${limit} ms`))
  } catch (error) {
    client.destroy()
    throw error
  }
  pulse.begin()
  return {
    end() {
      pulse.stop()
      client.destroy()
    },
  }
}

/** Notices that a connection is dead, by its silence or by its end. */
class Pulse {
  readonly #client: ServerClient
  readonly #onLost: (cause: unknown) => void
  #heardAt = 0
  #beatAt = 0
  #isOver = false
  #timer: Timer | undefined

  constructor(client: ServerClient, onLost: (cause: unknown) => void) {
    this.#client = client
    this.#onLost = onLost
  }

  begin(): void {
    this.felt()
    this.#beatAt = this.#heardAt
    this.#client.onLost((cause) => this.#lose(cause))
    this.#look()
  }

  felt(): void {
    this.#heardAt = performance.now()
  }

  stop(): void {
    this.#isOver = true
    this.#timer?.cancel()
  }

  #look(): void {
    const askedAt = performance.now()
    this.#timer = systemClock.after(lookEvery, () => {
      if (this.#isOver) return
      const now = performance.now()
      // If it was this process that stood still, what has arrived meanwhile must be heard first.
      if (now - askedAt > standstill) this.#heardAt = Math.max(this.#heardAt, now - beatEvery)
      if (now - this.#heardAt >= longestSilence) {
        return this.#lose(new Error(`the feed was silent for ${longestSilence} ms`))
      }
      if (now - this.#beatAt >= beatEvery) {
        this.#beatAt = now
        this.#client.send(['PING']).then(
          () => this.felt(),
          (error: unknown) => this.#lose(error),
        )
      }
      this.#look()
    })
  }

  #lose(cause: unknown): void {
    if (this.#isOver) return
    this.stop()
    this.#onLost(cause)
  }
}
