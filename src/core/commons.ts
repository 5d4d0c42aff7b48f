import { AsyncLocalStorage } from 'node:async_hooks'
import { Background } from '../flight/background.ts'
import { type Fenced, Flights } from '../flight/flights.ts'
import { Ordered } from '../flight/ordered.ts'
import type { Chance } from '../kernel/chance.ts'
import type { Clock } from '../kernel/clock.ts'
import { CacheError } from '../kernel/errors.ts'
import { Events, warn } from '../observe/events.ts'
import type { CacheEvents } from './events.ts'

/**
 * Runs something outside of any caller's AsyncLocalStorage: what is shared belongs to nobody. The context is that of the
 * program's start, since a cache may well be made within a request.
 */
export const outside: <Result>(run: () => Result) => Result = AsyncLocalStorage.snapshot()

/** What all nodes of one cache have in common. */
export class Commons {
  readonly clock: Clock
  readonly chance: Chance
  readonly events: Events<CacheEvents> = new Events()
  /** Flights that may load. */
  readonly flights: Flights<Fenced> = new Flights()
  /** Flights that only look whether something is there; a caller who wants a load doesn't join them. */
  readonly lookups: Flights<Fenced> = new Flights()
  /** Explicit sets under way. */
  readonly sets: Flights<Fenced> = new Flights()
  /** Everything that changes remote tiers, so that one key's changes happen in the order they were asked for. */
  readonly changes: Ordered = new Ordered()
  readonly background: Background = new Background((error) => warn(`background work failed: ${String(error)}`))
  /** Milliseconds a loaded value is kept in memory while the authority can't be reached. */
  readonly blindTtl: number
  /** How many flights nobody waits for. */
  revalidations = 0
  #closed = false

  constructor(parts: { readonly clock: Clock; readonly chance: Chance; readonly blindTtl: number }) {
    this.clock = parts.clock
    this.chance = parts.chance
    this.blindTtl = parts.blindTtl
  }

  /** What a tier needs to do its work. */
  get tools(): { readonly clock: Clock; readonly events: Events<CacheEvents> } {
    return { clock: this.clock, events: this.events }
  }

  get closed(): boolean {
    return this.#closed
  }

  close(): void {
    this.#closed = true
  }

  /** @throws CacheError `CLOSED` */
  refuseIfClosed(): void {
    if (this.#closed) throw new CacheError('CLOSED', 'the cache has been closed')
  }
}
