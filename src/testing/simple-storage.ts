import type {
  Capabilities,
  Claim,
  ClaimAnswer,
  Feed,
  Leases,
  MarkerChange,
  Markers,
  Storage,
  Stored,
  StoredItem,
} from '../contracts/storage.ts'
import type { Clock } from '../kernel/clock.ts'
import { Lifecycle } from '../storages/lifecycle.ts'
import { staleStored } from '../storages/stale-stored.ts'
import { wallClock } from '../storages/wall-clock.ts'
import { ChangeStream } from './change-stream.ts'

/** A shared storage without a server: see {@link simpleStorage}. */
export interface SimpleStorage extends Storage {
  readonly capabilities: Required<Pick<Capabilities, 'leases' | 'markers' | 'scan' | 'time'>> &
    Pick<Capabilities, 'feed'>
  /** One more client of the same data, as another process would have it. */
  another(): SimpleStorage
}

/**
 * A server that isn't one: a shared storage in this process's memory, complete and simple, for tests and for trying
 * things out. It keeps bytes, never references, and does everything in the order it was called. Who follows its feed
 * hears of a change a microtask later, and that an entry's ttl has passed when somebody next asks for it.
 */
export function simpleStorage(options: SimpleStorageOptions = {}): SimpleStorage {
  const { clock = wallClock, pageSize = 100, feed = false } = options
  return connect({ rows: new Map(), changes: new ChangeStream(), clock, pageSize, feed })
}

/** What a simple storage is like. */
export interface SimpleStorageOptions {
  /** What it lives by. Default: the wall clock. */
  readonly clock?: Clock
  /** Keys in a page of its scan. Default 100. */
  readonly pageSize?: number
  /** Whether it tells others of changes. Default: it doesn't, as SQLite and Memcached don't. */
  readonly feed?: boolean
}

/** What all clients of one server share. */
interface Data extends Required<SimpleStorageOptions> {
  readonly rows: Map<string, Row>
  readonly changes: ChangeStream
}

/** An entry, a lease, or both. */
interface Row {
  readonly stored?: Stored
  readonly expiresAt: number
  readonly lease?: { readonly token: string; readonly until: number }
}

function connect(data: Data): SimpleStorage {
  const following = new Set<() => void>()
  const life = new Lifecycle('simple', {
    open: () => Promise.resolve(new Table(data)),
    close() {
      for (const stop of following) stop()
      return Promise.resolve()
    },
  })
  return {
    kind: 'shared',
    type: 'simple',
    another: () => connect(data),
    capabilities: {
      leases: leasesOf(life),
      markers: markersOf(life),
      scan: {
        keys: (prefix) => pages(life, data.pageSize, { prefix, holds: (table, key) => table.get(key) !== undefined }),
        leases: (prefix) => pages(life, data.pageSize, { prefix, holds: (table, key) => table.isLeased(key) }),
      },
      time: { now: () => life.run((table) => table.now()) },
      ...(data.feed && { feed: feedOf(life, data.changes, following) }),
    },
    open: () => life.run(() => undefined),
    getMany: (keys) => life.run((table) => keys.map((key) => table.get(key))),
    setMany: (items) => life.run((table) => items.forEach((item) => table.set(item))),
    expireMany: (keys) => life.run((table) => keys.forEach((key) => table.expire(key))),
    deleteMany: (keys) => life.run((table) => keys.filter((key) => table.delete(key)).length),
    clear: (prefix) => life.run((table) => table.clear(prefix)),
    close: () => life.close(),
  }
}

function leasesOf(life: Lifecycle<Table>): Leases {
  return {
    claimMany: (claims) => life.run((table) => claims.map((claim) => table.claim(claim))),
    renewMany: (renewals) => life.run((table) => renewals.map((renewal) => table.renew(renewal))),
    fulfilMany: (items) => life.run((table) => items.map((item) => table.fulfil(item))),
    releaseMany: (leases) => life.run((table) => leases.forEach(({ key, token }) => table.release(key, token))),
  }
}

function feedOf(life: Lifecycle<Table>, changes: ChangeStream, following: Set<() => void>): Feed {
  return {
    follow(prefix, listener) {
      let leave: (() => void) | undefined
      let isOver = false
      const stop = (): void => {
        isOver = true
        leave?.()
        following.delete(stop)
      }
      following.add(stop)
      const begin = (): void => {
        if (!isOver) leave = changes.follow(prefix, listener)
      }
      // Whoever follows what is closed hears nothing.
      life.run(begin).catch(() => {})
      return {
        stop() {
          stop()
          return Promise.resolve()
        },
      }
    },
  }
}

function markersOf(life: Lifecycle<Table>): Markers {
  return {
    ensureMany: (markers) => life.run((table) => markers.map((marker) => table.ensure(marker))),
    changeMany: (changes) => life.run((table) => changes.forEach((change) => table.change(change))),
  }
}

async function* pages(
  life: Lifecycle<Table>,
  size: number,
  wanted: { readonly prefix: string; readonly holds: (table: Table, key: string) => boolean },
): AsyncGenerator<readonly string[]> {
  const keys = await life.run((table) => table.allKeys(wanted.prefix))
  for (let start = 0; start < keys.length; start += size) {
    const page = keys.slice(start, start + size)
    yield await life.run((table) => page.filter((key) => wanted.holds(table, key)))
  }
}

class Table {
  readonly #rows: Map<string, Row>
  readonly #changes: ChangeStream
  readonly #clock: Clock

  constructor(data: Data) {
    this.#rows = data.rows
    this.#changes = data.changes
    this.#clock = data.clock
  }

  now(): number {
    return this.#clock.now()
  }

  allKeys(prefix: string): readonly string[] {
    return [...this.#rows.keys()].filter((key) => key.startsWith(prefix))
  }

  get(key: string): Stored | undefined {
    const row = this.#row(key)
    return row?.stored && copyOf(row.stored)
  }

  set({ key, ttl, header, payload }: StoredItem): void {
    this.#rows.set(key, { stored: copyOf({ header, payload }), expiresAt: this.now() + (ttl ?? Infinity) })
    this.#changes.tell([key])
  }

  expire(key: string): void {
    this.#changes.tell([key])
    const { stored, expiresAt } = this.#row(key) ?? {}
    const stale = stored && staleStored(stored, this.now())
    if (stored === undefined || expiresAt === undefined || stale === undefined) {
      this.#rows.delete(key)
      return
    }
    this.#rows.set(key, {
      stored: { header: stale.header, payload: stored.payload },
      expiresAt: Math.min(expiresAt, stale.expiredAt),
    })
  }

  delete(key: string): boolean {
    const row = this.#row(key)
    this.#rows.delete(key)
    // Also of one that isn't there: somebody may be loading it.
    this.#changes.tell([key])
    return row?.stored !== undefined
  }

  clear(prefix: string): void {
    const keys = this.allKeys(prefix)
    for (const key of keys) this.#rows.delete(key)
    this.#changes.tell(keys)
  }

  ensure({ key, ttl, header, payload }: StoredItem): Stored {
    const there = this.#row(key)
    const stored = there?.stored ?? copyOf({ header, payload })
    if (there?.stored === undefined) this.#changes.tell([key])
    this.#rows.set(key, { stored, expiresAt: this.#later(there, ttl) })
    return copyOf(stored)
  }

  change({ key, ttl, header, payload, softOnly }: MarkerChange): void {
    const there = this.#row(key)
    const kept = softOnly === true ? there?.stored?.header : undefined
    this.#rows.set(key, { stored: copyOf({ header: kept ?? header, payload }), expiresAt: this.#later(there, ttl) })
    this.#changes.tell([key])
  }

  isLeased(key: string): boolean {
    return this.#row(key)?.lease !== undefined
  }

  claim({ key, token, life, force }: Claim): ClaimAnswer {
    const now = this.now()
    const row = this.#row(key)
    const won = force === true || row?.lease === undefined
    if (won) this.#rows.set(key, { ...(row ?? { expiresAt: Infinity }), lease: { token, until: now + life } })
    return { won, stored: row?.stored && copyOf(row.stored), now }
  }

  renew({ key, token, life }: Claim): boolean {
    const row = this.#rowLeasedTo(token, key)
    if (row === undefined) return false
    this.#rows.set(key, { ...row, lease: { token, until: this.now() + life } })
    return true
  }

  fulfil(item: StoredItem & { readonly token: string }): boolean {
    if (this.#rowLeasedTo(item.token, item.key) === undefined) return false
    this.set(item)
    return true
  }

  release(key: string, token: string): void {
    const row = this.#rowLeasedTo(token, key)
    if (row === undefined) return
    const { lease: _, ...entry } = row
    if (entry.stored === undefined) this.#rows.delete(key)
    else this.#rows.set(key, entry)
  }

  #rowLeasedTo(token: string, key: string): Row | undefined {
    const row = this.#row(key)
    return row?.lease?.token === token ? row : undefined
  }

  /** When a marker ends that is to live for `ttl` at least. */
  #later(there: Row | undefined, ttl: number | undefined): number {
    const asked = this.now() + (ttl ?? Infinity)
    return there?.stored === undefined ? asked : Math.max(asked, there.expiresAt)
  }

  /** The row without what has run out: nothing of it may count any more. */
  #row(key: string): Row | undefined {
    const row = this.#rows.get(key)
    if (row === undefined) return undefined
    const now = this.now()
    const { stored, expiresAt, lease } = row
    if (stored !== undefined && expiresAt <= now) this.#changes.tell([key])
    const alive = {
      expiresAt,
      ...(stored !== undefined && expiresAt > now && { stored }),
      ...(lease !== undefined && lease.until > now && { lease }),
    }
    if (alive.stored !== undefined || alive.lease !== undefined) return alive
    this.#rows.delete(key)
    return undefined
  }
}

function copyOf({ header, payload }: Stored): Stored {
  return { header: new Uint8Array(header), payload: new Uint8Array(payload) }
}
