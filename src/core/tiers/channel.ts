import type { Claim, ClaimAnswer, MarkerChange, Storage, Stored, StoredItem } from '../../contracts/storage.ts'
import { Gather } from '../../flight/gather.ts'
import type { Clock } from '../../kernel/clock.ts'
import { Labels } from '../reach/labels.ts'
import type { Sync } from '../sync/sync.ts'
import { Owed } from './owed.ts'
import { Timeline } from './timeline.ts'

/** A write that shows its token. */
export type LeasedItem = StoredItem & { readonly token: string }

/**
 * A remote storage as one cache uses it: opened once, with the calls of one turn gathered into one, whichever
 * nodes they come from, and with what is known of its clock.
 */
export class Channel {
  readonly name: string
  readonly storage: Storage
  /** What is known of its clock: learned at open and at each claim. */
  readonly timeline: Timeline
  /** What is known of the tags and scopes whose markers it keeps. */
  readonly labels: Labels = new Labels()
  /** The deletes that it has not confirmed. */
  readonly owed: Owed
  /** Told when it has confirmed them. */
  onSettled: ((counts: { readonly keyCount: number; readonly headCount: number }) => void) | undefined
  /** Milliseconds the most patient node waits for it. */
  patience = 1_000
  #opening: Promise<void> | undefined
  #isOpen = false
  /** Open, and its clock is known. */
  #isReady = false
  #sync: Sync | undefined
  readonly #reads: Gather<string, Stored | undefined>
  readonly #writes: Gather<StoredItem, void>
  readonly #claims: Gather<Claim, ClaimAnswer>
  readonly #renewals: Gather<Claim, boolean>
  readonly #fulfilments: Gather<LeasedItem, boolean>
  readonly #releases: Gather<{ key: string; token: string }, void>
  readonly #ensured: Gather<StoredItem, Stored>

  constructor(name: string, storage: Storage, clock: Clock) {
    this.name = name
    this.storage = storage
    this.timeline = new Timeline(clock)
    this.owed = new Owed({
      name,
      storage,
      clock,
      patience: () => this.patience,
      onSettled: (counts) => this.onSettled?.(counts),
    })
    const { leases, markers } = storage.capabilities
    this.#reads = new Gather((keys) => readEach(storage, keys))
    this.#writes = new Gather((items) => storage.setMany(items).then(() => new Array<void>(items.length)))
    this.#claims = new Gather((claims) =>
      this.timeline.sample(
        async () => (await leases?.claimMany(claims)) ?? [],
        ([first]) => first?.now,
      ),
    )
    this.#renewals = new Gather(async (renewals) => (await leases?.renewMany(renewals)) ?? [])
    this.#fulfilments = new Gather(async (items) => (await leases?.fulfilMany(items)) ?? [])
    this.#releases = new Gather(async (held) => {
      await leases?.releaseMany(held)
      return new Array<void>(held.length)
    })
    this.#ensured = new Gather(async (wanted) => (await markers?.ensureMany(wanted)) ?? [])
  }

  get leases(): boolean {
    return this.storage.capabilities.leases !== undefined
  }

  get markers(): boolean {
    return this.storage.capabilities.markers !== undefined
  }

  /** Opens the storage once. After a failure the next call tries again. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /** What keeps the copies above it true; absent where there are none, or no feed. */
  get sync(): Sync | undefined {
    return this.#sync
  }

  /** Follows its feed from when it is open, until it is closed. @returns what follows it, the first if there is one */
  follow(make: () => Sync): Sync {
    this.#sync ??= make()
    if (this.#isOpen) this.#sync.start()
    return this.#sync
  }

  async close(): Promise<void> {
    // Whatever becomes of the feed, the storage is to be closed.
    await this.#sync?.stop().catch(() => {})
    await this.owed.close()
    await this.storage.close()
  }

  getMany(keys: readonly string[]): Promise<readonly (Stored | undefined)[]> {
    return this.#ask(this.#reads, keys)
  }

  async setMany(items: readonly StoredItem[]): Promise<void> {
    await this.#ask(this.#writes, items)
  }

  claimMany(claims: readonly Claim[]): Promise<readonly ClaimAnswer[]> {
    return this.#ask(this.#claims, claims)
  }

  renewMany(renewals: readonly Claim[]): Promise<readonly boolean[]> {
    return this.#ask(this.#renewals, renewals)
  }

  fulfilMany(items: readonly LeasedItem[]): Promise<readonly boolean[]> {
    return this.#ask(this.#fulfilments, items)
  }

  async releaseMany(held: readonly { key: string; token: string }[]): Promise<void> {
    await this.#ask(this.#releases, held)
  }

  #ask<Question, Answer>(gather: Gather<Question, Answer>, questions: readonly Question[]): Promise<readonly Answer[]> {
    if (this.#isReady && this.owed.size === 0) return gather.ask(questions)
    // What it has not confirmed comes first: until then nothing it says can be trusted.
    return this.open()
      .then(() => this.owed.settle())
      .then(() => gather.ask(questions))
  }

  ensureMany(markers: readonly StoredItem[]): Promise<readonly Stored[]> {
    return this.#ask(this.#ensured, markers)
  }

  async changeMany(changes: readonly MarkerChange[]): Promise<void> {
    await this.open()
    await this.storage.capabilities.markers?.changeMany(changes)
  }

  async #open(): Promise<void> {
    await this.storage.open()
    this.#isOpen = true
    this.#sync?.start()
    const { time } = this.storage.capabilities
    if (time !== undefined)
      await this.timeline.sample(
        () => time.now(),
        (now) => now,
      )
    this.#isReady = true
  }
}

// Entries that are read together often carry the same tags.
async function readEach(storage: Storage, keys: readonly string[]): Promise<readonly (Stored | undefined)[]> {
  if (keys.length === 1) return storage.getMany(keys)
  const places = new Map<string, number>()
  for (const key of keys) if (!places.has(key)) places.set(key, places.size)
  if (places.size === keys.length) return storage.getMany(keys)
  const found = await storage.getMany([...places.keys()])
  return keys.map((key) => found[places.get(key) ?? -1])
}
