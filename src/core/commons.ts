import { AsyncLocalStorage } from 'node:async_hooks'
import { Background } from '../flight/background.ts'
import { type Fenced, Flights } from '../flight/flights.ts'
import { Ordered } from '../flight/ordered.ts'
import type { Chance } from '../kernel/chance.ts'
import type { Clock } from '../kernel/clock.ts'
import { CacheError } from '../kernel/errors.ts'
import type { Stamp } from '../kernel/stamp.ts'
import { Events, warn } from '../observe/events.ts'
import type { CacheEvents } from './events.ts'
import { ChangeTokens } from './change-tokens.ts'
import type { ErrorMemory } from './error-memory.ts'
import { type KnownLabel, Labels } from './reach/labels.ts'

/**
 * Runs something outside of any caller's AsyncLocalStorage: what is shared belongs to nobody. The context is that of the
 * program's start, since a cache may well be made within a request.
 */
export const outside: <Result>(run: () => Result) => Result = AsyncLocalStorage.snapshot()

/** What may write only as long as no invalidation of what it carries has broken its fence. */
export interface Tied extends Fenced {
  readonly errand: {
    readonly labels: readonly KnownLabel[]
    readonly expectsLate: boolean
    readonly before: { readonly stamp: Stamp; readonly generation: string | undefined } | undefined
  }
  close(): void
}

/** What all nodes of one cache have in common. */
export class Commons {
  readonly clock: Clock
  readonly chance: Chance
  readonly events: Events<CacheEvents> = new Events()
  /** Flights that may load. */
  readonly flights: Flights<Tied> = new Flights()
  /** Flights that only look whether something is there; a caller who wants a load doesn't join them. */
  readonly lookups: Flights<Tied> = new Flights()
  /** Explicit sets under way. */
  readonly sets: Flights<Fenced> = new Flights()
  /** Everything that changes remote tiers, so that one key's changes happen in the order they were asked for. */
  readonly changes: Ordered = new Ordered()
  readonly background: Background = new Background((error) => warn(`background work failed: ${String(error)}`))
  /** The tags and scopes of nodes that are kept in memory alone. */
  readonly labels: Labels = new Labels()
  /** The errors that nodes with tags or a scope remember. */
  readonly errors: Set<ErrorMemory> = new Set()
  /** The tokens of changes, and when each was first seen. */
  readonly tokens: ChangeTokens
  /** Milliseconds a loaded value is kept in memory while the authority can't be reached. */
  readonly blindTtl: number
  /** How many flights nobody waits for. */
  revalidations = 0
  #closed = false

  constructor(parts: { readonly clock: Clock; readonly chance: Chance; readonly blindTtl: number }) {
    this.clock = parts.clock
    this.chance = parts.chance
    this.blindTtl = parts.blindTtl
    this.tokens = new ChangeTokens(parts.chance)
  }

  /** What a tier needs to do its work. */
  get tools(): { readonly clock: Clock; readonly chance: Chance; readonly events: Events<CacheEvents> } {
    return { clock: this.clock, chance: this.chance, events: this.events }
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
