import type { LocalStorage } from '../../contracts/local-storage.ts'
import type { Feed } from '../../contracts/storage.ts'
import type { Fenced } from '../../flight/flights.ts'
import { prefixHead } from '../../kernel/keys.ts'
import type { Commons } from '../commons.ts'
import type { ErrorMemory } from '../error-memory.ts'
import type { Errand } from '../errand.ts'
import { Coverage } from './coverage.ts'
import { Epochs } from './epochs.ts'

/** How a cache stands to what others change in a storage. Moments in milliseconds since 1970. */
export type SyncState =
  /** Nothing is missed: copies answer without a look below. */
  | { readonly state: 'synchronised'; readonly since: number }
  /** Following has been asked for, and has not begun. */
  | { readonly state: 'catching up'; readonly since: number }
  /** Changes may be missed: copies are verified before they are served. */
  | { readonly state: 'blind'; readonly since: number; readonly cause: unknown }
  /** It tells nobody of changes: copies above it answer until their ttl has passed. */
  | { readonly state: 'without feed' }
  /** Nothing is kept above it, so there is nothing to be told of; or it has not been opened. */
  | { readonly state: 'not followed' }

/** What came of following a storage's feed. */
export interface SyncCounts {
  /** Changed keys that were told. */
  readonly changeCount: number
  /** Flights and explicit sets that were told off: what they had read may have been out of date. */
  readonly brokenFenceCount: number
  /** Copies about which the authority was asked, because a feed had not covered them. */
  readonly verifiedCopyCount: number
}

/** What a node keeps above its authority. */
export interface Covered {
  readonly errors: ErrorMemory
  readonly locals: readonly LocalStorage[]
}

/** What a followed feed is worked with. */
export interface SyncParts {
  /** Name of the storage. */
  readonly storage: string
  readonly feed: Feed
  readonly prefix: string
  readonly commons: Commons
}

/**
 * Keeps what is above an authority true, by its feed: copies of changed keys are dropped and the flights that may have read
 * them told off, and when changes may have been missed every copy from before becomes suspect.
 */
export class Sync {
  readonly epochs: Epochs
  /** What the feed covers of the copies in each host's storage, by the storage's name. */
  readonly hosts: Map<string, Coverage> = new Map()
  /** Told of markers that changed, and of `'all'` when any may have. */
  onMarkers: ((keys: readonly string[] | 'all') => void) | undefined
  readonly #parts: SyncParts
  readonly #head: string
  readonly #markerHead: string
  readonly #errors = new Set<ErrorMemory>()
  readonly #locals = new Set<LocalStorage>()
  #following: { stop(): Promise<void> } | undefined
  #state: SyncState = { state: 'not followed' }
  #changeCount = 0
  #brokenFenceCount = 0

  constructor(parts: SyncParts) {
    this.#parts = parts
    this.#head = prefixHead(parts.prefix)
    this.#markerHead = `${this.#head}#`
    this.epochs = new Epochs(parts.commons.chance)
    this.epochs.goBlind(parts.commons.clock.now())
  }

  get state(): SyncState {
    return this.#state
  }

  get counts(): SyncCounts {
    return {
      changeCount: this.#changeCount,
      brokenFenceCount: this.#brokenFenceCount,
      verifiedCopyCount: this.epochs.verifiedCount,
    }
  }

  /** Takes what a node keeps under its care. */
  cover({ errors, locals }: Covered): void {
    this.#errors.add(errors)
    for (const local of locals) this.#locals.add(local)
  }

  /** What is known of the copies in a host's storage. */
  hostNamed(name: string): Coverage {
    const coverage = this.hosts.get(name) ?? new Coverage(this.#parts.commons.clock)
    this.hosts.set(name, coverage)
    return coverage
  }

  /** Begins to follow, once. */
  start(): void {
    if (this.#following !== undefined) return
    this.#state = { state: 'catching up', since: this.#parts.commons.clock.now() }
    this.#following = this.#parts.feed.follow(this.#head, {
      unbroken: () => this.#resume(),
      changed: (keys) => this.#change(keys),
      changedAll: () => this.#changeAll(),
      broken: (cause) => this.#break(cause),
    })
  }

  /** Follows no more. */
  async stop(): Promise<void> {
    await this.#following?.stop()
  }

  #resume(): void {
    const { clock, events } = this.#parts.commons
    const { state: before } = this.#state
    if (before === 'synchronised') return
    const { since } = this.epochs
    this.epochs.follow(clock.now())
    // Whoever began while nothing was heard may bring what has been overruled. At the start there is nobody to tell off:
    // nothing this process kept has been lost.
    if (before === 'blind') this.#tellOffAll()
    this.#state = { state: 'synchronised', since: clock.now() }
    this.onMarkers?.('all')
    if (events.wanted.synchronised) {
      events.emit('synchronised', { storage: this.#parts.storage, after: clock.now() - since })
    }
  }

  #break(cause: unknown): void {
    const { clock, events } = this.#parts.commons
    if (this.#state.state === 'blind') return
    this.epochs.goBlind(clock.now())
    this.#state = { state: 'blind', since: clock.now(), cause }
    this.onMarkers?.('all')
    if (events.wanted.blind) events.emit('blind', { storage: this.#parts.storage, error: cause })
  }

  #change(keys: readonly string[]): void {
    const markers: string[] = []
    this.#changeCount += keys.length
    for (const key of keys) {
      if (key.startsWith(this.#markerHead)) markers.push(key)
      else this.#changeOne(key)
    }
    if (markers.length > 0) this.onMarkers?.(markers)
  }

  // What this process wrote itself comes back too, and is dropped like everybody's: it can't be told from a change that
  // somebody else made right after it.
  #changeOne(key: string): void {
    const { flights, lookups, sets } = this.#parts.commons
    for (const host of this.hosts.values()) host.forget(key)
    for (const local of this.#locals) local.delete(key)
    for (const errors of this.#errors) errors.forget(key)
    for (const table of [flights, lookups, sets]) this.#tellOff(table.get(key), () => table.break(key))
  }

  #changeAll(): void {
    // While it is blind nothing is trusted anyway.
    if (this.#state.state === 'synchronised') this.epochs.follow(this.#parts.commons.clock.now())
    this.#changeCount++
    this.#tellOffAll()
    this.onMarkers?.('all')
  }

  #tellOffAll(): void {
    const { flights, lookups, sets } = this.#parts.commons
    for (const errors of this.#errors) errors.clear()
    for (const table of [flights, lookups, sets]) {
      for (const one of table.values()) this.#tellOff(one, () => table.break(one.key))
    }
  }

  #tellOff(one: Fenced | undefined, breakFence: () => boolean): void {
    if (one === undefined) return
    const errand = errandOf(one)
    // The flights of nodes with another authority are no concern of this one.
    if (errand !== undefined && errand.epochs !== this.epochs) return
    if (errand !== undefined) errand.overtaken = true
    if (breakFence()) this.#brokenFenceCount++
  }
}

function errandOf(one: Fenced): Errand<unknown, unknown> | undefined {
  return (one as { readonly errand?: Errand<unknown, unknown> }).errand
}
