import type { Bus } from '../contracts/bus.ts'
import type { Capabilities, Feed, Leases, Markers, Storage, Stored } from '../contracts/storage.ts'
import { systemChance } from '../kernel/chance.ts'
import { systemClock, type Clock } from '../kernel/clock.ts'
import { CacheError, invalidOption } from '../kernel/errors.ts'
import { BusFeed } from './bus-feed.ts'
import type { Change } from './bus-message.ts'

/** How a storage and its bus work together. */
export interface BusOptions {
  /** What heartbeats and pauses are timed by. Default: the real time. */
  readonly clock?: Clock
}

/** A storage that tells of its changes over a bus. */
export interface BusStorage extends Storage {
  readonly capabilities: Capabilities & { readonly feed: Feed }
}

/**
 * Gives a storage that tells nobody of its changes a feed: whoever changes keys through it says so on a bus, as soon as
 * the storage has accepted the change, and everybody else on the bus hears it. All who share the storage must share the bus. What
 * nobody does through it isn't told: an entry that expires, a row that is deleted by hand.
 *
 * A change that the storage accepted and the bus didn't rejects with `STORAGE_UNAVAILABLE`. While the bus is lost the feed is
 * broken: copies above the storage are verified before they are served.
 *
 * @param storage whatever kind and type it is, it remains; closing it leaves the bus
 * @param bus may serve other storages too
 * @returns the same storage with the capability `feed`
 * @throws CacheError `INVALID_OPTION` for a storage with a feed of its own
 *
 * @example
 * const shared = withBus(memcached({ servers: 'cache.internal' }), redisBus({ url: 'redis://bus.internal' }))
 */
export function withBus(storage: Storage, bus: Bus, { clock = systemClock }: BusOptions = {}): BusStorage {
  refuseNonsense(storage, bus)
  const feed = new BusFeed({ bus, clock, chance: systemChance })
  const running = new Set<Promise<unknown>>()

  const change: Telling = (operation, changeOf) => {
    const changing = changeAndTell(feed, operation, changeOf)
    running.add(changing)
    const done = (): void => void running.delete(changing)
    changing.then(done, done)
    return changing
  }

  const { kind, type, maxKeyBytes, capabilities } = storage
  const { leases, markers } = capabilities
  return {
    kind,
    type,
    ...(maxKeyBytes !== undefined && { maxKeyBytes }),
    capabilities: {
      ...capabilities,
      ...(leases !== undefined && { leases: tellingLeases(leases, change) }),
      ...(markers !== undefined && { markers: tellingMarkers(markers, change) }),
      feed: { follow: (prefix, listener) => feed.follow(prefix, listener) },
    },
    async open() {
      await storage.open()
      // Not waited for: what is stored can be had without.
      feed.begin()
    },
    getMany: (keys) => storage.getMany(keys),
    setMany: (items) =>
      change(
        () => storage.setMany(items),
        () => ({ keys: keysOf(items) }),
      ),
    expireMany: (keys) =>
      change(
        () => storage.expireMany(keys),
        () => ({ keys }),
      ),
    deleteMany: (keys) =>
      change(
        () => storage.deleteMany(keys),
        () => ({ keys }),
      ),
    clear: (prefix) =>
      change(
        () => storage.clear(prefix),
        () => ({ prefix }),
      ),
    async close() {
      await storage.close()
      // What the storage has finished is still to be told.
      await Promise.allSettled(running)
      await feed.close()
    },
  }
}

/** Does something, and tells what it has changed. Without an answer, because it failed, that is what it may have. */
type Telling = <Answer>(
  operation: () => Promise<Answer>,
  changeOf: (answer: Answer | undefined) => Change,
) => Promise<Answer>

async function changeAndTell<Answer>(
  feed: BusFeed,
  operation: () => Promise<Answer>,
  changeOf: (answer: Answer | undefined) => Change,
): Promise<Answer> {
  let answer: Answer
  try {
    answer = await operation()
  } catch (error) {
    if (mayHaveHappened(error)) await tell(feed, changeOf(undefined)).catch(() => undefined)
    throw error
  }
  await tell(feed, changeOf(answer))
  return answer
}

async function tell(feed: BusFeed, change: Change): Promise<void> {
  if ('keys' in change && change.keys.length === 0) return
  await feed.publish(change)
}

// A storage that fails in the middle, or answers too late, may have done it all the same.
function mayHaveHappened(error: unknown): boolean {
  return !(error instanceof CacheError) || error.code === 'STORAGE_UNAVAILABLE'
}

function tellingLeases(leases: Leases, change: Telling): Leases {
  return {
    claimMany: (claims) => leases.claimMany(claims),
    renewMany: (renewals) => leases.renewMany(renewals),
    fulfilMany: (items) =>
      change(
        () => leases.fulfilMany(items),
        (written) => ({ keys: keysOf(items.filter((_, index) => written?.[index] !== false)) }),
      ),
    releaseMany: (held) => leases.releaseMany(held),
  }
}

function tellingMarkers(markers: Markers, change: Telling): Markers {
  return {
    ensureMany: (wanted) =>
      change(
        () => markers.ensureMany(wanted),
        // What was there has another version: no two are alike.
        (found) => ({ keys: keysOf(wanted.filter((one, index) => isSame(one, found?.[index] ?? one))) }),
      ),
    changeMany: (changes) =>
      change(
        () => markers.changeMany(changes),
        () => ({ keys: keysOf(changes) }),
      ),
  }
}

function keysOf(items: readonly { readonly key: string }[]): readonly string[] {
  return items.map(({ key }) => key)
}

function isSame(one: Stored, other: Stored): boolean {
  return Buffer.compare(one.header, other.header) === 0 && Buffer.compare(one.payload, other.payload) === 0
}

function refuseNonsense(storage: Storage, bus: Bus): void {
  const kind: unknown = storage?.kind
  if (kind !== 'host' && kind !== 'shared') {
    throw invalidOption('withBus: storage', 'a storage outside this process, like memcached() or sqlite()', storage)
  }
  if (storage.capabilities.feed !== undefined) {
    const expected = 'a storage without a feed of its own (this one needs no bus; or switch its feed off)'
    throw invalidOption('withBus: storage', expected, storage.type)
  }
  if (typeof bus?.join !== 'function') throw invalidOption('withBus: bus', 'a bus, like redisBus({ url })', bus)
}
