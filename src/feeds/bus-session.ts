import type { Bus, BusSeat } from '../contracts/bus.ts'
import { withDeadline } from '../flight/deadline.ts'
import type { Clock, Timer } from '../kernel/clock.ts'
import { CacheError } from '../kernel/errors.ts'
import { busMessage, everything, partOf, readBusMessage, type BusWord, type Change, type Said } from './bus-message.ts'

/*
 * One stay on a bus, from joining until it is lost. A bus may lose things without a word, so everybody numbers the changes
 * they tell, and repeats the number twice a second:
 *
 * - A number that skips some shows what was lost; a beat shows that the last one was.
 * - One's own beats come back over the bus. When they don't, the way there or the way back is cut.
 * - Somebody who falls silent without a goodbye may have said something first that wasn't heard: they died, or the bus
 *   is cut between them and us.
 *
 * Whoever joins says hello and is answered with beats, so that they know everybody's number before they trust the bus.
 */

const joinLimit = 5_000
const publishLimit = 1_000
const beatEvery = 500
const lookEvery = 100
const longestSilence = 1_000
// What is lost must be known within a second and a half; a beat may be late, and so may the look.
const longestSilenceOfOthers = 1_350
// Timers that are later than this say that it was this process that stood still.
const standstill = 400
// Answers to a hello are drawn from this time, so that one beat answers many hellos; then the bus is trusted.
const answerWithin = 25
const trustAfter = 60

/** Who speaks on a bus, across all stays. */
export interface Voice {
  readonly id: string
  /** How many changes there were to tell so far, told or not. */
  changeCount: number
}

/** Who hears what comes of a stay. */
export interface SessionEars {
  /** From now on nothing is missed. Once. */
  begun(): void
  /** Something has changed. */
  told(change: Change): void
  /** Something that was said has not been heard. */
  missed(cause: Error): void
}

/** What a stay needs. */
export interface SessionParts {
  readonly bus: Bus
  readonly voice: Voice
  readonly ears: SessionEars
  readonly clock: Clock
}

/** One stay on a bus. */
export class BusSession {
  /** Resolves with the cause when the stay is over. */
  readonly over: Promise<unknown>
  readonly #parts: SessionParts
  readonly #seat: Promise<BusSeat>
  readonly #others = new Map<string, { heardCount: number; heardAt: number }>()
  #isSeated = false
  #heardAt: number
  #beatAt = -Infinity
  #state: 'joining' | 'begun' | 'over' = 'joining'
  #end: (cause: unknown) => void = () => undefined
  #left: Promise<void> | undefined
  #timers = new Map<'look' | 'answer' | 'trust', Timer>()

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#heardAt = parts.clock.now()
    this.over = new Promise((resolve) => (this.#end = resolve))
    this.#seat = this.#join()
    void this.#begin()
  }

  /**
   * Tells everybody of a change.
   * @param parts of the change, a message each
   * @throws if one of them may not have been taken
   */
  async publish(parts: readonly string[]): Promise<void> {
    const { voice, bus } = this.#parts
    try {
      const seat = await this.#seat.catch((error: unknown) => {
        // It is missing, and so will its number be.
        voice.changeCount += parts.length
        throw error
      })
      await Promise.all(parts.map((part) => this.#publish(seat, busMessage(voice.id, ++voice.changeCount, part))))
    } catch (error) {
      throw unavailable(bus, error)
    }
  }

  /** Says goodbye, and leaves. A seat that is only coming is left when it has come. */
  async leave(): Promise<void> {
    if (this.#isSeated && this.#state !== 'over') await this.#say('bye').catch(() => undefined)
    this.#lose(new CacheError('CLOSED', 'the bus has been left'))
    if (this.#isSeated) await this.#left
  }

  async #begin(): Promise<void> {
    try {
      await this.#seat
      this.#isSeated = true
      this.#heardAt = this.#parts.clock.now()
      this.#look()
      await this.#say('hello')
    } catch (error) {
      this.#lose(error)
    }
  }

  #join(): Promise<BusSeat> {
    const { bus, clock } = this.#parts
    const joining = bus.join({
      message: (text) => {
        if (this.#state !== 'over') this.#hear(readBusMessage(text))
      },
      lost: (cause) => this.#lose(cause),
    })
    return withDeadline(joining, joinLimit, clock, () => {
      // It may come yet, and nobody would leave it.
      joining.then((late) => late.leave()).catch(() => undefined)
      return tooLate('joining', joinLimit)
    })
  }

  async #say(word: BusWord): Promise<void> {
    const { voice, clock } = this.#parts
    const seat = await this.#seat
    this.#beatAt = clock.now()
    await this.#publish(seat, busMessage(voice.id, voice.changeCount, partOf(word)))
  }

  #publish(seat: BusSeat, text: string): Promise<void> {
    return withDeadline(seat.publish(text), publishLimit, this.#parts.clock, () => tooLate('publishing', publishLimit))
  }

  #hear(said: Said | undefined): void {
    const { ears, voice, clock } = this.#parts
    // What can't be read may have meant anything.
    if (said === undefined) return ears.told(everything)
    const { from, what } = said
    if (from === voice.id) this.#heardAt = clock.now()
    this.#count(said)
    if (typeof what === 'object') return ears.told(what)
    if (what === 'bye') this.#others.delete(from)
    if (what === 'hello') this.#hearHello(from === voice.id)
  }

  #count({ from, number, what }: Said): void {
    const { ears, clock } = this.#parts
    const known = this.#others.get(from)
    const before = typeof what === 'object' ? number - 1 : number
    this.#others.set(from, { heardCount: Math.max(number, known?.heardCount ?? 0), heardAt: clock.now() })
    if (known === undefined) {
      // Somebody who has been there before, and never heard since the bus was trusted.
      if (this.#state === 'begun' && before > 0) ears.told(everything)
    } else if (before > known.heardCount) {
      this.#miss(`${before - known.heardCount} of a sender's messages were lost`)
    }
  }

  #hearHello(isOwn: boolean): void {
    if (!isOwn) {
      if (this.#timers.has('answer')) return
      return this.#after('answer', answerWithin * Math.random(), () => this.#beat())
    }
    if (this.#timers.has('trust')) return
    this.#after('trust', trustAfter, () => {
      if (this.#state !== 'joining') return
      this.#state = 'begun'
      this.#parts.ears.begun()
    })
  }

  /** Says that one is still there; and hello again, as long as that hasn't been heard. */
  #beat(): void {
    this.#say(this.#state === 'begun' ? 'beat' : 'hello').catch((error: unknown) => this.#lose(error))
  }

  #look(): void {
    const { clock } = this.#parts
    const askedAt = clock.now()
    this.#after('look', lookEvery, () => {
      const now = clock.now()
      if (now - this.#beatAt >= beatEvery) this.#beat()
      // What has arrived while this process stood still must be heard first, and others be given the time of a beat.
      if (now - askedAt > standstill) this.#excuse(now - beatEvery)
      if (now - this.#heardAt >= longestSilence) {
        return this.#lose(tooSilent(this.#parts.bus))
      }
      this.#missTheSilent(now)
      this.#look()
    })
  }

  #excuse(heardAt: number): void {
    this.#heardAt = Math.max(this.#heardAt, heardAt)
    for (const other of this.#others.values()) other.heardAt = Math.max(other.heardAt, heardAt)
  }

  #missTheSilent(now: number): void {
    const silent = [...this.#others].filter(([, { heardAt }]) => now - heardAt >= longestSilenceOfOthers)
    if (silent.length === 0) return
    for (const [id] of silent) this.#others.delete(id)
    this.#miss(`${silent.length} on the bus fell silent without a goodbye`)
  }

  #miss(what: string): void {
    if (this.#state !== 'begun') return
    this.#parts.ears.missed(new CacheError('STORAGE_UNAVAILABLE', `the ${this.#parts.bus.type} bus: ${what}`))
  }

  #lose(cause: unknown): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    for (const timer of this.#timers.values()) timer.cancel()
    // Whoever waited for a seat that never came has been told.
    this.#left = this.#seat.then((seat) => seat.leave()).catch(() => undefined)
    this.#end(cause)
  }

  #after(name: 'look' | 'answer' | 'trust', milliseconds: number, callback: () => void): void {
    const timer = this.#parts.clock.after(milliseconds, () => {
      this.#timers.delete(name)
      if (this.#state !== 'over') callback()
    })
    this.#timers.set(name, timer)
  }
}

/** An error of a bus as everybody's. */
export function unavailable({ type }: Bus, error: unknown): CacheError {
  if (error instanceof CacheError && error.code !== 'CLOSED') return error
  const reason = error instanceof Error ? error.message : String(error)
  return new CacheError('STORAGE_UNAVAILABLE', `the ${type} bus failed: ${reason}`, { cause: error })
}

function tooLate(what: string, limit: number): CacheError {
  return new CacheError('STORAGE_UNAVAILABLE', `${what} took longer than ${limit} ms`)
}

function tooSilent({ type }: Bus): CacheError {
  const message = `the ${type} bus: what was said here did not come back for ${longestSilence} ms`
  return new CacheError('STORAGE_UNAVAILABLE', message)
}
