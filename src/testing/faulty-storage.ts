import type { Leases, Markers, Scan, Storage, Time } from '../contracts/storage.ts'
import type { Clock } from '../kernel/clock.ts'
import { wallClock } from '../storages/wall-clock.ts'
import { FaultyFeed } from './faulty-feed.ts'

/** What a storage can be asked, its capabilities included. */
export type StorageOperation =
  | 'open'
  | 'getMany'
  | 'setMany'
  | 'expireMany'
  | 'deleteMany'
  | 'clear'
  | 'close'
  | keyof Leases
  | keyof Markers
  | 'scan'
  | 'now'
  | 'feed'

/** One call that reached a faulty storage, whatever became of it. */
export interface StorageCall {
  readonly operation: StorageOperation
  /** The keys it named, a prefix as one. */
  readonly keys: readonly string[]
}

/**
 * A storage with something wrong: see {@link faultyStorage}. Its feed is no call, but can be named like one: it can fail
 * (those who follow are told that it broke), hang, be slow, and be dropped, until it is healed.
 */
export interface FaultyStorage extends Storage {
  /** Every call so far, in order: one entry a round trip. Empty it to count from here. */
  readonly calls: StorageCall[]
  /** Rejects, `times` times or until healed. `afterwards`: it is carried out all the same, and only the answer lost. */
  fail(operation: StorageOperation, options?: FailOptions): void
  /** Never answers, until healed: then what hangs is carried out, late. */
  hang(operation: StorageOperation, options?: FaultOptions): void
  /** Takes so much longer, on the faulty storage's clock. */
  slow(operation: StorageOperation, milliseconds: number, options?: FaultOptions): void
  /** Answers as if all was well, and does nothing. `answer` is what it answers. */
  drop(operation: StorageOperation, answer: unknown, options?: FaultOptions): void
  /** Does what was asked, and answers something else. */
  garble(operation: StorageOperation, change: (answer: never) => unknown, options?: FaultOptions): void
  /** Ends the faults of an operation, or all of them, and lets go what hangs. */
  heal(operation?: StorageOperation): void
}

/** For how many calls a fault stands. Default: until healed. */
export interface FaultOptions {
  readonly times?: number
}

export interface FailOptions extends FaultOptions {
  readonly error?: Error
  readonly afterwards?: true
}

/**
 * A storage that works like the one it is given until it is told otherwise, for tests of what depends on it.
 *
 * @param options `clock`: what slowness is measured by (the wall clock)
 *
 * @example
 * const storage = faultyStorage(simpleStorage())
 * storage.fail('getMany', { times: 1 })
 */
export function faultyStorage(storage: Storage, options: { readonly clock?: Clock } = {}): FaultyStorage {
  const clock = options.clock ?? wallClock
  const calls: StorageCall[] = []
  const faults = new Map<StorageOperation, Fault>()
  const hanging: { readonly operation: StorageOperation; readonly letGo: () => void }[] = []

  const under = async <Answer>(
    operation: StorageOperation,
    keys: readonly string[],
    carryOut: () => Promise<Answer>,
  ): Promise<Answer> => {
    calls.push({ operation, keys })
    const fault = faults.get(operation)
    if (fault === undefined) return carryOut()
    fault.left--
    if (fault.left <= 0) faults.delete(operation)
    return (await fault.strike(carryOut)) as Answer
  }

  const feed = storage.capabilities.feed && new FaultyFeed(storage.capabilities.feed, clock)

  const set = (operation: StorageOperation, { times = Infinity }: FaultOptions, strike: Fault['strike']): void => {
    faults.set(operation, { left: times, strike })
  }

  const { leases, markers, scan, time } = storage.capabilities
  return {
    kind: storage.kind,
    type: storage.type,
    ...(storage.maxKeyBytes !== undefined && { maxKeyBytes: storage.maxKeyBytes }),
    capabilities: {
      ...storage.capabilities,
      ...(leases && { leases: faultyLeases(leases, under) }),
      ...(markers && { markers: faultyMarkers(markers, under) }),
      ...(scan && { scan: faultyScan(scan, under) }),
      ...(feed && { feed }),
      ...(time && { time: { now: () => under('now', [], () => time.now()) } satisfies Time }),
    },
    open: () => under('open', [], () => storage.open()),
    getMany: (keys) => under('getMany', keys, () => storage.getMany(keys)),
    setMany: (items) => under('setMany', keysOf(items), () => storage.setMany(items)),
    expireMany: (keys) => under('expireMany', keys, () => storage.expireMany(keys)),
    deleteMany: (keys) => under('deleteMany', keys, () => storage.deleteMany(keys)),
    clear: (prefix) => under('clear', [prefix], () => storage.clear(prefix)),
    close: () => under('close', [], () => storage.close()),

    calls,
    fail(operation, { error = new Error(`${operation} was told to fail`), afterwards, ...fault } = {}) {
      if (operation === 'feed') return feed?.break(error)
      set(operation, fault, async (carryOut) => {
        if (afterwards === true) await carryOut()
        throw error
      })
    },
    hang(operation, fault = {}) {
      if (operation === 'feed') return feed?.hold()
      set(operation, fault, async (carryOut) => {
        await new Promise<void>((letGo) => hanging.push({ operation, letGo }))
        return carryOut()
      })
    },
    slow(operation, milliseconds, fault = {}) {
      if (operation === 'feed') return feed?.slow(milliseconds)
      set(operation, fault, async (carryOut) => {
        await new Promise<void>((done) => clock.after(milliseconds, done))
        return carryOut()
      })
    },
    drop(operation, answer, fault = {}) {
      if (operation === 'feed') return feed?.silence()
      set(operation, fault, () => Promise.resolve(answer))
    },
    garble(operation, change, fault = {}) {
      set(operation, fault, async (carryOut) => change((await carryOut()) as never))
    },
    heal(operation) {
      if (operation === undefined) faults.clear()
      else faults.delete(operation)
      if (operation === undefined || operation === 'feed') feed?.mend()
      const held = hanging.splice(0)
      for (const one of held) {
        if (operation === undefined || one.operation === operation) one.letGo()
        else hanging.push(one)
      }
    },
  }
}

interface Fault {
  left: number
  readonly strike: (carryOut: () => Promise<unknown>) => Promise<unknown>
}

type Under = <Answer>(
  operation: StorageOperation,
  keys: readonly string[],
  carryOut: () => Promise<Answer>,
) => Promise<Answer>

function faultyLeases(leases: Leases, under: Under): Leases {
  return {
    claimMany: (claims) => under('claimMany', keysOf(claims), () => leases.claimMany(claims)),
    renewMany: (renewals) => under('renewMany', keysOf(renewals), () => leases.renewMany(renewals)),
    fulfilMany: (items) => under('fulfilMany', keysOf(items), () => leases.fulfilMany(items)),
    releaseMany: (released) => under('releaseMany', keysOf(released), () => leases.releaseMany(released)),
  }
}

function faultyMarkers(markers: Markers, under: Under): Markers {
  return {
    ensureMany: (ensured) => under('ensureMany', keysOf(ensured), () => markers.ensureMany(ensured)),
    changeMany: (changes) => under('changeMany', keysOf(changes), () => markers.changeMany(changes)),
  }
}

/** Every page is a round trip, and can go wrong. */
function faultyScan(scan: Scan, under: Under): Scan {
  const pages = async function* (prefix: string, list: (prefix: string) => AsyncIterable<readonly string[]>) {
    const all = list(prefix)[Symbol.asyncIterator]()
    try {
      for (;;) {
        const page = await under('scan', [prefix], () => all.next())
        if (page.done === true) return
        yield page.value
      }
    } finally {
      await all.return?.()
    }
  }
  return {
    keys: (prefix) => pages(prefix, (start) => scan.keys(start)),
    ...(scan.leases !== undefined && { leases: (prefix) => pages(prefix, (start) => scan.leases?.(start) ?? none()) }),
  }
}

async function* none(): AsyncGenerator<readonly string[]> {}

function keysOf(items: readonly { readonly key: string }[]): readonly string[] {
  return items.map(({ key }) => key)
}
