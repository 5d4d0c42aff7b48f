import type { Clock } from '../../kernel/clock.ts'

/*
 * What a read may return, by one who knows nothing of tiers, flights or feeds, but of every value when its load began, and in
 * which order the server did what it was asked.
 *
 * Each load takes a number when it begins, each set when it is called: its stamp. A change that has resolved overrules every
 * load that had begun when it was called, and every set that the server had carried out before it. What has been overruled
 * may not come back:
 *
 * - in the process that made the change, from then on
 * - in another, from when the feed's messages about it have arrived there
 * - in one whose feed was lost, from when it has been told of that (every copy is verified), unless its storage can't be asked
 * - in one that peeks, from when its feed was taken up again
 *
 * Of two loads of a key that ran at the same time at most one is written. At the end the server holds nothing overruled.
 */

/** A value: which key's, and when its load began. */
export interface Stamped {
  readonly key: number
  readonly stamp: number
}

/** What has been overruled of one key: the loads up to a stamp, and of its sets so many as the server carried out first. */
export interface Overruled {
  readonly loads: number
  readonly sets: number
}

/** Nothing has been overruled. */
export const nothing: Overruled = { loads: 0, sets: 0 }

/** What has been overruled, by key, as far as somebody must know. It only grows. */
export class Floors {
  readonly #floors = new Map<number, Overruled>()

  of(key: number): Overruled {
    return this.#floors.get(key) ?? nothing
  }

  raise(key: number, floor: Overruled): void {
    this.#floors.set(key, higher(this.of(key), floor))
  }
}

/** What is overruled by one or by the other. */
export function higher(one: Overruled, other: Overruled): Overruled {
  return { loads: Math.max(one.loads, other.loads), sets: Math.max(one.sets, other.sets) }
}

interface Load {
  readonly key: number
  readonly began: number
  ended: number
  written: boolean
}

/** The judge of a fleet. */
export class Oracle {
  readonly violations: string[] = []
  /** What has been overruled, whether or not everybody knows. */
  readonly overruled: Floors = new Floors()
  readonly #clock: Clock
  readonly #loads = new Map<number, Load>()
  readonly #madeAt = new Map<number, number>()
  /** By key: the stamps of the sets that the server has carried out, in that order. */
  readonly #sets = new Map<number, number[]>()
  #stamp = 0
  #moment = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The last stamp that was given. */
  get latest(): number {
    return this.#stamp
  }

  /** A value that is set now. */
  stampSet(key: number): Stamped {
    const stamp = ++this.#stamp
    this.#madeAt.set(stamp, this.#clock.now())
    return { key, stamp }
  }

  /** A load that begins now. @returns its value, and what to call when it is had */
  beginLoad(key: number): { readonly value: Stamped; end(): void } {
    const stamp = ++this.#stamp
    const load: Load = { key, began: ++this.#moment, ended: Infinity, written: false }
    this.#loads.set(stamp, load)
    return {
      value: { key, stamp },
      end: () => {
        load.ended = ++this.#moment
        this.#madeAt.set(stamp, this.#clock.now())
      },
    }
  }

  /** The server has written a value. */
  written({ key, stamp }: Stamped): void {
    const load = this.#loads.get(stamp)
    if (load === undefined) {
      const sets = this.#setsOf(key)
      if (sets.includes(stamp)) this.violations.push(`set ${stamp} of key ${key} was carried out twice`)
      sets.push(stamp)
      return
    }
    for (const [otherStamp, other] of this.#loads) {
      if (otherStamp === stamp || other.key !== key || !other.written) continue
      if (other.began < load.ended && load.began < other.ended) {
        this.violations.push(`of key ${key} the loads ${otherStamp} and ${stamp} ran at once, and both were written`)
      }
    }
    load.written = true
  }

  /** How many sets of a key the server has carried out. */
  setCount(key: number): number {
    return this.#setsOf(key).length
  }

  /** How many sets of its key the server had carried out before this one. */
  setsBefore({ key, stamp }: Stamped): number {
    return Math.max(0, this.#setsOf(key).indexOf(stamp))
  }

  /** Whether a value has been overruled. */
  isOverruled({ key, stamp }: Stamped, floor: Overruled): boolean {
    if (this.#loads.has(stamp)) return stamp <= floor.loads
    const place = this.#setsOf(key).indexOf(stamp)
    return place !== -1 && place < floor.sets
  }

  /** Judges what a read returned. @param floor what had been overruled, as far as the reader must have known when it asked */
  judge(who: string, asked: { readonly key: number; readonly floor: Overruled }, value: Stamped): void {
    const { key, floor } = asked
    if (value.key !== key) this.violations.push(`${who} asked for key ${key} and got key ${value.key}`)
    if (!this.isOverruled(value, floor)) return
    this.violations.push(`${who} asked for key ${key} and got stamp ${value.stamp}, which had been overruled`)
  }

  /** Judges how old a value is. @param longest milliseconds after which nothing may be served */
  judgeAge(who: string, at: number, value: Stamped, longest: number): void {
    const madeAt = this.#madeAt.get(value.stamp)
    if (madeAt === undefined || madeAt >= at || at < madeAt + longest) return
    this.violations.push(`${who} got a value of key ${value.key} that was ${at - madeAt} ms old`)
  }

  #setsOf(key: number): number[] {
    const sets = this.#sets.get(key) ?? []
    this.#sets.set(key, sets)
    return sets
  }
}
