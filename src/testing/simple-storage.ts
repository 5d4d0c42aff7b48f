import type {
  Capabilities,
  Claim,
  ClaimAnswer,
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

/** A shared storage without a server: see {@link simpleStorage}. */
export interface SimpleStorage extends Storage {
  readonly capabilities: Required<Pick<Capabilities, 'leases' | 'markers' | 'scan' | 'time'>>
  /** One more client of the same data, as another process would have it. */
  another(): SimpleStorage
}

/**
 * A server that isn't one: a shared storage in this process's memory, complete and simple, for tests and for trying
 * things out. It keeps bytes, never references, and does everything in the order it was called.
 *
 * @param options `clock`: what it lives by (the wall clock); `pageSize`: keys in a page of its scan (100)
 */
export function simpleStorage(options: { readonly clock?: Clock; readonly pageSize?: number } = {}): SimpleStorage {
  return connect(new Map(), options.clock ?? wallClock, options.pageSize ?? 100)
}

/** An entry, a lease, or both. */
interface Row {
  readonly stored?: Stored
  readonly expiresAt: number
  readonly lease?: { readonly token: string; readonly until: number }
}

function connect(rows: Map<string, Row>, clock: Clock, pageSize: number): SimpleStorage {
  const life = new Lifecycle('simple', {
    open: () => Promise.resolve(new Table(rows, clock)),
    close: () => Promise.resolve(),
  })
  return {
    kind: 'shared',
    type: 'simple',
    another: () => connect(rows, clock, pageSize),
    capabilities: {
      leases: leasesOf(life),
      markers: markersOf(life),
      scan: {
        keys: (prefix) => pages(life, pageSize, { prefix, holds: (table, key) => table.get(key) !== undefined }),
        leases: (prefix) => pages(life, pageSize, { prefix, holds: (table, key) => table.isLeased(key) }),
      },
      time: { now: () => life.run((table) => table.now()) },
    },
    open: () => life.run(() => undefined),
    getMany: (keys) => life.run((table) => keys.map((key) => table.get(key))),
    setMany: (items) => life.run((table) => items.forEach((item) => table.set(item))),
    expireMany: (keys) => life.run((table) => keys.forEach((key) => table.expire(key))),
    deleteMany: (keys) => life.run((table) => keys.filter((key) => table.delete(key)).length),
    clear: (prefix) => life.run((table) => table.allKeys(prefix).forEach((key) => table.delete(key))),
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
  readonly #clock: Clock

  constructor(rows: Map<string, Row>, clock: Clock) {
    this.#rows = rows
    this.#clock = clock
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
  }

  expire(key: string): void {
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
    return row?.stored !== undefined
  }

  ensure({ key, ttl, header, payload }: StoredItem): Stored {
    const there = this.#row(key)
    const stored = there?.stored ?? copyOf({ header, payload })
    this.#rows.set(key, { stored, expiresAt: this.#later(there, ttl) })
    return copyOf(stored)
  }

  change({ key, ttl, header, payload, softOnly }: MarkerChange): void {
    const there = this.#row(key)
    const kept = softOnly === true ? there?.stored?.header : undefined
    this.#rows.set(key, { stored: copyOf({ header: kept ?? header, payload }), expiresAt: this.#later(there, ttl) })
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
