import type { Serializer } from '../../contracts/serializer.ts'
import type { Stored, StoredItem } from '../../contracts/storage.ts'
import { Deadlines } from '../../flight/deadlines.ts'
import type { Chance } from '../../kernel/chance.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Entry } from '../../kernel/entry.ts'
import { CacheError } from '../../kernel/errors.ts'
import { fingerprint } from '../../kernel/hash.ts'
import { markerName } from '../../kernel/marker-keys.ts'
import type { Stamp } from '../../kernel/stamp.ts'
import { TierCounters } from '../../observe/counters.ts'
import type { Events } from '../../observe/events.ts'
import { stopwatch } from '../../observe/stopwatch.ts'
import { readHeader, writeHeader } from '../../serializers/envelope.ts'
import type { CarriedVersion, CarriedVersions } from '../../serializers/versions.ts'
import type { CacheEvents } from '../events.ts'
import type { Coverage } from '../sync/coverage.ts'
import { asOfUnknown } from '../change-tokens.ts'
import { AuthorityMarkers } from './authority-markers.ts'
import type { Channel } from './channel.ts'
import type { Copy } from './local-tier.ts'

// What goes through a whole storage may take its time, but not for ever.
const bulkTimeLimit = 60_000

/** What a remote tier is made of. */
export interface RemoteTierParts {
  readonly channel: Channel
  /** The authority's channel: all moments in headers are on its clock. */
  readonly authority: Channel
  readonly serializer: Serializer
  /** Milliseconds an entry is kept here; `Infinity` for the authority, which keeps it for as long as it lives. */
  readonly ttl: number
  /** Milliseconds a call may take. */
  readonly timeLimit: number
  /** Of a host's storage above an authority with a feed: which of its copies the feed has covered. */
  readonly coverage?: Coverage | undefined
  readonly clock: Clock
  readonly chance: Chance
  readonly events: Events<CacheEvents>
}

/** An entry to write. */
export interface Keepsake<Value> {
  readonly key: string
  readonly entry: Entry<Value>
}

/** An entry as it was stored, and the versions it carries: whether they still stand is not known yet. */
export interface Found<Value> extends Copy<Value> {
  /** Absent: none. */
  readonly carried: CarriedVersions | undefined
}

/**
 * A remote storage as one node uses it: entries instead of bytes, a time limit around every call, and one kind of
 * error. Whatever the storage does, a call here ends in time, with an answer or with `STORAGE_UNAVAILABLE`.
 */
export class RemoteTier<Value = unknown> {
  readonly counters: TierCounters = new TierCounters()
  readonly #parts: RemoteTierParts
  /** The markers of tags and scopes, where it is an authority. */
  readonly markers: AuthorityMarkers
  readonly #fingerprint: number
  readonly #deadlines: Deadlines
  readonly #bulkDeadlines: Deadlines

  constructor(parts: RemoteTierParts) {
    this.#parts = parts
    this.markers = new AuthorityMarkers({ ...parts, call: (operation, answer) => this.#call(operation, answer) })
    this.#fingerprint = fingerprint(parts.serializer.name)
    this.#deadlines = new Deadlines(parts.timeLimit, parts.clock)
    this.#bulkDeadlines = new Deadlines(Math.max(parts.timeLimit, bulkTimeLimit), parts.clock)
  }

  get name(): string {
    return this.#parts.channel.name
  }

  get channel(): Channel {
    return this.#parts.channel
  }

  /**
   * The entries of some keys, `undefined` where there is none that can be read, each with the epoch of the feed that
   * covers it.
   */
  async read(keys: readonly string[]): Promise<(Found<Value> | undefined)[]> {
    const elapsed = stopwatch()
    const stored = await this.#call('getMany', this.channel.getMany(keys))
    this.counters.readLatency.record(elapsed())
    return keys.map((key, index) => this.#foundIn(stored[index], key))
  }

  /** Writes entries. @returns what may be called once it is known that no key has changed meanwhile */
  async write(items: readonly Keepsake<Value>[]): Promise<{ cover(epoch: number): void }> {
    // Headers are on the authority's clock, which is known once it is open.
    await this.#call('open', this.#parts.authority.open())
    const packed = items.map((item) => this.#pack(item))
    await this.#call('setMany', this.channel.setMany(packed))
    return {
      cover: (epoch) => {
        for (const { key, header } of packed) this.#parts.coverage?.cover(key, header, epoch)
      },
    }
  }

  /** Claims leases, all under one token. @returns for each whether it was won, and the entry that stood there */
  async claim(
    wanted: readonly { readonly key: string; readonly force: boolean }[],
    token: string,
    life: number,
  ): Promise<{ readonly won: boolean; readonly found: Found<Value> | undefined }[]> {
    const claims = wanted.map(({ key, force }) => (force ? { key, token, life, force } : { key, token, life }))
    const answers = await this.#call('claimMany', this.channel.claimMany(claims))
    return wanted.map((_, index) => {
      const answer = answers[index]
      return { won: answer?.won === true, found: this.#foundIn(answer?.stored) }
    })
  }

  /** Prolongs a lease. @returns whether the token still stood */
  async renew(key: string, token: string, life: number): Promise<boolean> {
    const [stood] = await this.#call('renewMany', this.channel.renewMany([{ key, token, life }]))
    return stood === true
  }

  /** Writes an entry if its lease still stands. @returns whether it did */
  async fulfil(item: Keepsake<Value>, token: string): Promise<boolean> {
    const packed = { ...this.#pack(item), token }
    const [written] = await this.#call('fulfilMany', this.channel.fulfilMany([packed]))
    return written === true
  }

  async release(key: string, token: string): Promise<void> {
    await this.#call('releaseMany', this.channel.releaseMany([{ key, token }]))
  }

  /** @returns how many entries there were */
  drop(keys: readonly string[]): Promise<number> {
    return this.#call(
      'deleteMany',
      this.#opened(() => this.channel.storage.deleteMany(keys)),
    )
  }

  async expire(keys: readonly string[]): Promise<void> {
    await this.#call(
      'expireMany',
      this.#opened(() => this.channel.storage.expireMany(keys)),
    )
  }

  async clear(head: string): Promise<void> {
    await this.#call(
      'clear',
      this.#opened(() => this.channel.storage.clear(head)),
      this.#bulkDeadlines,
    )
  }

  /** The keys that start with `head`, page by page. @throws CacheError `UNSUPPORTED` where the storage can't list */
  async *keys(head: string): AsyncGenerator<readonly string[]> {
    const { scan } = this.channel.storage.capabilities
    if (scan === undefined) {
      throw new CacheError(
        'UNSUPPORTED',
        `storage '${this.name}' can't list its keys (a ${this.channel.storage.type} storage)`,
      )
    }
    yield* this.#pages(() => scan.keys(head))
  }

  /** The keys that start with `head` and hold a lease, as far as the storage can list them. */
  async *leasedKeys(head: string): AsyncGenerator<readonly string[]> {
    const { scan } = this.channel.storage.capabilities
    if (scan?.leases !== undefined) yield* this.#pages(() => scan.leases?.(head) ?? [])
  }

  /** For each key whether there is something under it. */
  async has(keys: readonly string[]): Promise<readonly boolean[]> {
    const stored = await this.#call('getMany', this.channel.getMany(keys))
    return keys.map((_, index) => stored[index] !== undefined)
  }

  /** The hard versions that entries carry, whatever else they are: an empty list for none. */
  async readVersions(keys: readonly string[]): Promise<readonly (readonly string[])[]> {
    const stored = await this.#call('getMany', this.channel.getMany(keys))
    return keys.map((_, index) => {
      try {
        const { versions } = readHeader(stored[index]?.header ?? noHeader)
        return versions?.list().map(({ hard }) => hard) ?? []
      } catch {
        return []
      }
    })
  }

  async *#pages(list: () => AsyncIterable<readonly string[]> | readonly []): AsyncGenerator<readonly string[]> {
    await this.#call('open', this.channel.open())
    const listed = list()
    if (!(Symbol.asyncIterator in listed)) return
    const pages = listed[Symbol.asyncIterator]()
    try {
      for (;;) {
        const page = await this.#call('scan', pages.next(), this.#bulkDeadlines)
        if (page.done === true) return
        yield page.value
      }
    } finally {
      // Whoever leaves early lets the storage know.
      await pages.return?.()
    }
  }

  async #opened<Answer>(operation: () => Promise<Answer>): Promise<Answer> {
    await this.channel.open()
    return operation()
  }

  #call<Answer>(operation: string, answer: Promise<Answer>, deadlines: Deadlines = this.#deadlines): Promise<Answer> {
    return deadlines.guard(
      answer,
      () => this.#failed(operation, this.#timedOut(operation, deadlines.limit)),
      (cause) => this.#failed(operation, cause),
    )
  }

  #failed(operation: string, cause: unknown): CacheError {
    const { events } = this.#parts
    const error = this.#unavailable(operation, cause)
    if (events.wanted.storageFailure) events.emit('storageFailure', { storage: this.name, operation, error })
    return error
  }

  #timedOut(operation: string, limit: number): CacheError {
    this.counters.timeouts++
    const message = `storage '${this.name}': ${operation} did not answer within ${limit} ms`
    return new CacheError('STORAGE_UNAVAILABLE', message)
  }

  #unavailable(operation: string, cause: unknown): CacheError {
    this.counters.failures++
    if (cause instanceof CacheError) return cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new CacheError('STORAGE_UNAVAILABLE', `storage '${this.name}': ${operation} failed: ${reason}`, { cause })
  }

  #pack({ key, entry }: Keepsake<Value>): StoredItem {
    const { authority, serializer, ttl, clock } = this.#parts
    const { timeline } = authority
    const header = writeHeader({
      serializer: this.#fingerprint,
      createdAt: timeline.toStorage(entry.createdAt),
      staleAt: timeline.toStorage(entry.staleAt),
      expiredAt: timeline.toStorage(entry.expiredAt),
      versions: entry.stamp && carriedBy(entry.stamp),
    })
    const life = Math.min(ttl, Math.floor(entry.expiredAt - clock.now()))
    const item = { key, header, payload: serializer.encode(entry.value) }
    return life === Infinity ? item : { ...item, ttl: life }
  }

  // A claim finds what the read before it has told of already, and its entries need no epoch.
  #foundIn(stored: Stored | undefined, key?: string): Found<Value> | undefined {
    if (stored === undefined) return undefined
    try {
      return this.#unpack(stored, key)
    } catch (error) {
      if (key !== undefined) this.#complain(key, error)
      return undefined
    }
  }

  #complain(key: string, error: unknown): void {
    const { events } = this.#parts
    this.counters.unreadable++
    if (events.wanted.unreadable) events.emit('unreadable', { storage: this.name, key, error })
  }

  #unpack(stored: Stored, key: string | undefined): Found<Value> {
    const { authority, serializer } = this.#parts
    const { timeline } = authority
    const envelope = readHeader(stored.header)
    if (envelope.serializer !== this.#fingerprint) {
      throw new CacheError('UNREADABLE', `stored bytes can't be read: not written by ${serializer.name}()`)
    }
    const { coverage } = this.#parts
    return {
      value: serializer.decode(stored.payload) as Value,
      createdAt: timeline.fromStorage(envelope.createdAt),
      staleAt: timeline.fromStorage(envelope.staleAt),
      expiredAt: timeline.fromStorage(envelope.expiredAt),
      stamp: undefined,
      epoch: coverage === undefined || key === undefined ? 0 : coverage.epochOf(key, stored.header),
      asOf: asOfUnknown,
      carried: envelope.versions,
    }
  }
}

const noHeader = new Uint8Array(0)

function carriedBy({ labels, versions, known }: Stamp): readonly CarriedVersion[] {
  return versions.map((version, index) => {
    const label = index < known ? undefined : labels[index]
    return label === undefined ? version : { ...version, name: markerName(label.key) }
  })
}
