import { withDeadline } from '../../flight/deadline.ts'
import { systemClock, type Timer } from '../../kernel/clock.ts'
import { changesChannel, readChange } from './changes-channel.ts'
import { isLeaseKey } from './lease-key.ts'
import { textOf, type FeedWay, type ServerClient } from './server-client.ts'

// Half a second apart, and a second of silence is the end.
const beatEvery = 500
const longestSilence = 1_000
const lookEvery = 100
// Timers that are later than this say that it was this process that stood still.
const standstill = 400

/** Who listens on a feed connection. */
export interface FeedEars {
  changed(keys: readonly string[]): void
  changedAll(): void
  /** It has been lost, or silent for so long that it must be. Called once, and not before it was established. */
  lost(cause: unknown): void
}

/** A connection on which one server tells the changes under a prefix. It doesn't keep the process alive. */
export interface FeedConnection {
  end(): void
}

/**
 * Has a server tell its changes; answers when nothing is missed any more.
 * @param limit milliseconds that it may take
 */
export async function openFeed(
  client: ServerClient,
  way: FeedWay,
  prefix: string,
  ears: FeedEars,
  limit: number,
): Promise<FeedConnection> {
  const pulse = new Pulse(client, (cause) => {
    client.destroy()
    ears.lost(cause)
  })
  const begin = async (): Promise<void> => {
    await client.connect()
    client.hold(false)
    await (way === 'tracking'
      ? client.track(prefix, (keys) => {
          pulse.felt()
          tellKeys(keys, prefix, ears)
        })
      : client.subscribe(changesChannel, (message) => {
          pulse.felt()
          tellMessage(message, prefix, ears)
        }))
  }
  try {
    await withDeadline(begin(), limit, systemClock, () => new Error(`no feed within ${limit} ms`))
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

function tellKeys(keys: readonly Uint8Array[] | undefined, prefix: string, ears: FeedEars): void {
  if (keys === undefined) return ears.changedAll()
  tell(keys.map(textOf), prefix, ears)
}

function tellMessage(message: Uint8Array, prefix: string, ears: FeedEars): void {
  const change = readChange(textOf(message))
  if ('keys' in change) return tell(change.keys, prefix, ears)
  if (change.prefix.startsWith(prefix) || prefix.startsWith(change.prefix)) ears.changedAll()
}

function tell(keys: readonly string[], prefix: string, ears: FeedEars): void {
  const changed = keys.filter((key) => key.startsWith(prefix) && !isLeaseKey(key))
  if (changed.length > 0) ears.changed(changed)
}
