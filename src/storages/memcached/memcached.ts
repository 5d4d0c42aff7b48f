import type { TlsOptions } from '../../clients/tls-options.ts'
import type { Capabilities, Leases, Markers, ServerFigures, Storage, StoredItem } from '../../contracts/storage.ts'
import type { Clock } from '../../kernel/clock.ts'
import { parsePositiveDuration, type Duration } from '../../kernel/duration.ts'
import { invalidOption } from '../../kernel/errors.ts'
import { Lifecycle } from '../lifecycle.ts'
import { wallClock } from '../wall-clock.ts'
import { change, claim, ensure, entryOf, expire, fulfil, release, renew } from './item-changes.ts'
import { parseAddress, type ServerAddress } from './server-address.ts'
import { Server, type Reach } from './server.ts'
import { figuresOf } from './server-figures.ts'
import { Shelf } from './shelf.ts'
import { Shelves } from './shelves.ts'

/** Which servers a memcached storage keeps its entries on, and how it reaches them. */
export interface MemcachedOptions {
  /**
   * One or several, as `host`, `host:port` or `memcached://host:port`. Every process must name the same servers alike:
   * keys are shared out by these names. Default `'127.0.0.1:11211'`.
   */
  readonly servers?: string | readonly string[]
  /**
   * What everything of this storage begins with on the server, which tells it from what other programs keep there.
   * Letters, digits, `_`, `-` and `.`, up to 32. Default `'tc'`.
   */
  readonly namespace?: string
  /** Connections to each server. One carries any number of calls at once. Default 1. */
  readonly poolSize?: number
  /** Speak TLS; `{}` for trusting whom Node trusts. */
  readonly tls?: TlsOptions
  /** For a server that was started with an `--auth-file`. */
  readonly login?: { readonly user: string; readonly password: string }
  readonly limits?: {
    /** How long it may take until a connection stands. Default 1 s. */
    readonly connect?: Duration
    /** How long a server that owes an answer may be silent before the connection is given up. Default 1 s. */
    readonly answer?: Duration
  }
  /** What lifetimes run on. Default: the wall clock, which should go alike on all machines that share the entries. */
  readonly clock?: Clock
}

/**
 * Keeps entries on memcached, 1.6.10 or later: one server, or several among which the keys are shared out.
 *
 * A server that is down takes its share with it: calls with a key of that share fail until it is back. Each server can
 * evict what it likes when its memory is full, which is a miss, and never brings back anything older.
 *
 * Clearing a prefix makes everything under it absent at once, and leaves its memory to be reused by the server. Listing
 * keys is beyond memcached, and so is telling others of changes.
 *
 * @throws CacheError `INVALID_OPTION` at once, for options that make no sense; when it is used, `UNSUPPORTED` for a
 *   server that is too old, a value that is too large for the server, and a clear when too many different prefixes were
 *   cleared; `STORAGE_UNAVAILABLE` for everything else that goes wrong
 *
 * @example
 * const storage = memcached({ servers: ['10.0.0.1', '10.0.0.2'] })
 */
export function memcached(options: MemcachedOptions = {}): Storage {
  const { addresses, reach, clock } = resolveOptions(options)
  const life = new Lifecycle('memcached', {
    open: () => Promise.resolve(new Shelves(addresses.map((address) => shelfOf(address, reach, clock)))),
    close(shelves) {
      shelves.close()
      return Promise.resolve()
    },
  })

  const leases: Leases = {
    claimMany: (claims) => life.run((shelves) => shelves.change(claims.map(claim))),
    renewMany: (renewals) => life.run((shelves) => shelves.change(renewals.map(renew))),
    fulfilMany(items) {
      const now = clock.now()
      return life.run((shelves) => shelves.change(items.map((item) => fulfil(item, now))))
    },
    async releaseMany(held) {
      await life.run((shelves) => shelves.change(held.map(release)))
    },
  }
  const markers: Markers = {
    ensureMany(made) {
      const now = clock.now()
      return life.run((shelves) => shelves.change(made.map((marker) => ensure(marker, now))))
    },
    async changeMany(changes) {
      const now = clock.now()
      await life.run((shelves) => shelves.change(changes.map((to) => change(to, now))))
    },
  }
  const capabilities: Capabilities = {
    leases,
    markers,
    time: { now: () => life.run(() => clock.now()) },
    serverStats: { read: (): Promise<ServerFigures> => life.run(async (shelves) => figuresOf(await shelves.stats())) },
  }
  return {
    kind: 'shared',
    type: 'memcached',
    capabilities,
    open: () => life.run((shelves) => shelves.open()),
    getMany: (keys) => life.run((shelves) => shelves.get(keys)),
    setMany(items) {
      const now = clock.now()
      const entries = items.map((item: StoredItem) => ({ key: item.key, entry: entryOf(item, now) }))
      return life.run((shelves) => shelves.set(entries))
    },
    async expireMany(keys) {
      await life.run((shelves) => shelves.change(keys.map(expire)))
    },
    deleteMany: (keys) => life.run((shelves) => shelves.delete(keys)),
    clear: (prefix) => life.run((shelves) => shelves.clear(prefix)),
    close: () => life.close(),
  }
}

interface Plan {
  readonly addresses: readonly ServerAddress[]
  readonly reach: Reach
  readonly clock: Clock
}

function resolveOptions(options: MemcachedOptions): Plan {
  const { servers = '127.0.0.1', namespace = 'tc', poolSize = 1, tls, login, limits = {}, clock = wallClock } = options
  const addresses = (typeof servers === 'string' ? [servers] : servers).map(parseAddress)
  if (addresses.length === 0 || new Set(addresses.map(({ name }) => name)).size < addresses.length) {
    throw invalidOption('memcached: servers', 'one server or several different ones', servers)
  }
  if (typeof namespace !== 'string' || !/^[\w.-]{1,32}$/.test(namespace)) {
    throw invalidOption('memcached: namespace', 'letters, digits, _, - and ., up to 32 of them', namespace)
  }
  if (!Number.isInteger(poolSize) || poolSize < 1 || poolSize > 100) {
    throw invalidOption('memcached: poolSize', 'a number of connections from 1 to 100', poolSize)
  }
  if (login !== undefined && (!isWord(login.user) || !isWord(login.password))) {
    throw invalidOption('memcached: login', 'a user and a password without white space', login)
  }
  return {
    addresses,
    reach: {
      namespace,
      poolSize,
      tls,
      login,
      connectLimit: parsePositiveDuration(limits.connect ?? '1s', 'memcached: limits.connect'),
      answerLimit: parsePositiveDuration(limits.answer ?? '1s', 'memcached: limits.answer'),
    },
    clock,
  }
}

function isWord(text: unknown): boolean {
  return typeof text === 'string' && /^[^\s\0]+$/.test(text)
}

function shelfOf(address: ServerAddress, reach: Reach, clock: Clock): { readonly name: string; readonly shelf: Shelf } {
  return { name: address.name, shelf: new Shelf(new Server(address, reach), reach.namespace, clock) }
}
