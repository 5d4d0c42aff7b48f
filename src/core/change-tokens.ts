import type { Chance } from '../kernel/chance.ts'
import { invalidOption } from '../kernel/errors.ts'

/*
 * Read your writes elsewhere.
 *
 * What is read from an authority after a change of it has settled is new, by its promise; old can only be what is above it:
 * a copy, or a flight that began before. So a token needs to say nothing. A process counts the tokens it sees for the first
 * time, and marks each flight, and what it keeps, with the count at its start. What began after a token was first seen
 * began after the change that the token stands for, and is good for it; the rest is verified below. No clock is compared.
 */

// A token that has been forgotten is seen for the first time once more: it costs a look below, never a stale answer.
const mostTokens = 10_000

const longestToken = 128

// Counted from anywhere below, as epochs are: a copy that another process has dumped is no copy of this one's.
const highestStart = 2 ** 29

/** A copy of which nothing is known: somebody else wrote it, whenever that was. */
export const asOfUnknown = 0

/** What a call is content with that names no token. */
export const anyTime = 0

/** What tells of a change, and what may be asked for after it. */
export interface Change {
  /**
   * Stands for this change: a `get` of any process that is given it as `after` answers nothing older. Short, opaque, safe in
   * a header or a cookie.
   */
  readonly token: string
}

/** What was done by something that takes one entry away. */
export interface Removal extends Change {
  /** Whether there was an entry. */
  readonly existed: boolean
}

/** The tokens of changes, this process's and others', and when each was first seen here. */
export class ChangeTokens {
  readonly #chance: Chance
  readonly #first: number
  #tick: number
  readonly #seen = new Map<string, number>()

  constructor(chance: Chance) {
    this.#chance = chance
    this.#first = this.#tick = 1 + Math.floor(chance.fraction() * highestStart)
  }

  /** Time as tokens count it: what begins now is as of this tick. */
  get tick(): number {
    return this.#tick
  }

  /** How many are remembered. */
  get size(): number {
    return this.#seen.size
  }

  /**
   * Tells of a change of this process's own that has settled. Its token is made when somebody asks for it. What memory has
   * here is good for it, since the change has dropped what was not.
   */
  tell<Facts extends object>(facts: Facts): Facts & Change {
    const make = (): string => {
      const made = this.#chance.token()
      this.#note(made, this.#first)
      return made
    }
    let token: string | undefined
    return {
      ...facts,
      get token() {
        return (token ??= make())
      },
    }
  }

  /**
   * Since when something must have begun to be good for some tokens.
   * @throws CacheError `INVALID_OPTION`
   */
  tickOf(after: string | readonly string[], where: string): number {
    if (typeof after === 'string') return this.#tickOfOne(after, where)
    if (!Array.isArray(after)) throw invalidOption(where, 'the token of a change, or a list of them', after)
    return after.reduce((latest: number, token: unknown) => Math.max(latest, this.#tickOfOne(token, where)), anyTime)
  }

  /** Whether what is as of a tick is good for who asks for nothing from before another. */
  covers(asOf: number, notBefore: number): boolean {
    return notBefore === anyTime || (asOf >= notBefore && asOf <= this.#tick)
  }

  #tickOfOne(token: unknown, where: string): number {
    if (typeof token !== 'string' || token === '' || token.length > longestToken) {
      throw invalidOption(where, 'the token of a change, as a set or an invalidation gave it', token)
    }
    const tick = this.#seen.get(token) ?? ++this.#tick
    this.#note(token, tick)
    return tick
  }

  // The ones used last are the last ones forgotten.
  #note(token: string, tick: number): void {
    this.#seen.delete(token)
    this.#seen.set(token, tick)
    if (this.#seen.size <= mostTokens) return
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest)
      return
    }
  }
}
