import { expect, test } from 'vitest'
import {
  simpleStorage,
  storageConformance,
  virtualClock,
  type SimpleStorage,
  type StorageUnderTest,
} from 'tiercel/testing'
import type { Feed, FeedListener, Leases, Markers, Storage, StoredItem } from '../../src/contracts/storage.ts'

// Every fault is one that somebody's cache once had. The suite must find each, and nothing in a storage without.

test('a storage without a fault passes', async () => {
  expect(await failuresOf((storage) => storage)).toEqual([])
})

type Fault = (storage: SimpleStorage) => Partial<Storage>

const faults: readonly (readonly [string, string, Fault])[] = [
  [
    'answers in another order',
    'in the order asked',
    ({ getMany }) => ({
      getMany: async (keys) => (await getMany(keys)).reverse(),
    }),
  ],
  [
    'leaves absent keys out',
    'in the order asked',
    ({ getMany }) => ({
      getMany: async (keys) => (await getMany(keys)).filter((found) => found !== undefined),
    }),
  ],
  ['ends keys at a NUL', 'DEFECTS 24', (storage) => mappingKeys(storage, (key) => key.replace(/\0.*$/s, ''))],
  ['folds the case of keys', 'DEFECTS 24', (storage) => mappingKeys(storage, (key) => key.toLowerCase())],
  ['cuts long keys', 'DEFECTS 24', (storage) => mappingKeys(storage, (key) => key.slice(0, 250))],
  ['normalises keys', 'DEFECTS 24', (storage) => mappingKeys(storage, (key) => key.normalize('NFKC'))],
  [
    'cuts payloads at 64 KiB',
    'bit for bit',
    ({ setMany }) => ({
      setMany: (items) => setMany(items.map((one) => ({ ...one, payload: one.payload.subarray(0, 65_535) }))),
    }),
  ],
  [
    'rounds a ttl to seconds',
    'DEFECTS 28',
    ({ setMany }) => ({
      setMany: (items) => setMany(items.map((one) => ({ ...one, ttl: one.ttl && Math.ceil(one.ttl / 1_000) * 1_000 }))),
    }),
  ],
  [
    'takes no ttl for one of a minute',
    'for ever',
    ({ setMany }) => ({
      setMany: (items) => setMany(items.map((one) => ({ ...one, ttl: one.ttl ?? 50 }))),
    }),
  ],
  [
    'keeps the first lifetime',
    'an overwrite brings its own lifetime',
    ({ setMany }) => {
      const first = new Map<string, number | undefined>()
      const ttlOf = (one: StoredItem): number | undefined => {
        if (!first.has(one.key)) first.set(one.key, one.ttl)
        return first.get(one.key)
      }
      return { setMany: (items) => setMany(items.map((one) => ({ ...one, ttl: ttlOf(one) }))) }
    },
  ],
  [
    'counts what is not there',
    'DEFECTS 17',
    ({ deleteMany }) => ({
      deleteMany: async (keys) => {
        await deleteMany(keys)
        return keys.length
      },
    }),
  ],
  ['clears too much', 'DEFECTS 16', ({ clear }) => ({ clear: (prefix) => clear(prefix.slice(0, -1)) })],
  ['clears nothing', 'DEFECTS 16', () => ({ clear: () => Promise.resolve() })],
  ['does not make stale', 'makes entries stale', () => ({ expireMany: () => Promise.resolve() })],
  [
    'deletes what it should make stale',
    'makes entries stale',
    ({ deleteMany }) => ({
      expireMany: async (keys) => void (await deleteMany(keys)),
    }),
  ],
  ['is usable after it was closed', 'refuses everything after', () => ({ close: () => Promise.resolve() })],
  [
    'gives a lease to everybody',
    'to the first who claims it',
    (storage) =>
      withLeases(storage, ({ claimMany }) => ({
        claimMany: (claims) => claimMany(claims.map((claim) => ({ ...claim, force: true }))),
      })),
  ],
  [
    'never takes by force',
    'by force',
    (storage) =>
      withLeases(storage, ({ claimMany }) => ({
        claimMany: (claims) => claimMany(claims.map(({ key, token, life }) => ({ key, token, life }))),
      })),
  ],
  [
    'writes without asking for the token',
    'DEFECTS 9',
    (storage) =>
      withLeases(storage, () => ({
        async fulfilMany(items) {
          await storage.setMany(items)
          return items.map(() => true)
        },
      })),
  ],
  [
    'releases whatever stands',
    'DEFECTS 9',
    (storage) =>
      withLeases(storage, ({ claimMany, releaseMany }) => ({
        async releaseMany(released) {
          const all = released.map(({ key }) => ({ key, token: 'thief' }))
          await claimMany(all.map((one) => ({ ...one, life: 1_000, force: true })))
          await releaseMany(all)
        },
      })),
  ],
  [
    'keeps leases for ever',
    'run out by itself',
    (storage) =>
      withLeases(storage, ({ claimMany }) => ({
        claimMany: (claims) => claimMany(claims.map((claim) => ({ ...claim, life: 1e12 }))),
      })),
  ],
  [
    'does not drop a lease when it deletes',
    'overtaken by a delete',
    (storage) => {
      const held = new Map<string, string>()
      return {
        ...withLeases(storage, ({ claimMany, fulfilMany }) => ({
          async claimMany(claims) {
            const answers = await claimMany(claims)
            for (const [index, { key, token }] of claims.entries()) if (answers[index]?.won) held.set(key, token)
            return answers
          },
          fulfilMany,
        })),
        async deleteMany(keys) {
          const count = await storage.deleteMany(keys)
          const lost = keys.flatMap((key) => (held.has(key) ? [{ key, token: held.get(key)!, life: 60_000 }] : []))
          await storage.capabilities.leases.claimMany(lost)
          return count
        },
      }
    },
  ],
  [
    'does not answer a claim with what is stored',
    'answers a claim',
    (storage) =>
      withLeases(storage, ({ claimMany }) => ({
        claimMany: async (claims) => (await claimMany(claims)).map((answer) => ({ ...answer, stored: undefined })),
      })),
  ],
  [
    'overwrites a marker that is there',
    'makes a marker that is missing',
    (storage) =>
      withMarkers(storage, ({ changeMany }) => ({
        async ensureMany(markers) {
          await changeMany(markers)
          return [...markers]
        },
      })),
  ],
  [
    'answers what was given instead of what stands',
    'answers alike to all who make',
    (storage) =>
      withMarkers(storage, ({ ensureMany }) => ({
        async ensureMany(markers) {
          await ensureMany(markers)
          return [...markers]
        },
      })),
  ],
  [
    'makes a marker by reading and then writing',
    'answers alike to instances',
    (storage) =>
      withMarkers(storage, ({ changeMany }) => ({
        async ensureMany(markers) {
          const found = await storage.getMany(markers.map(({ key }) => key))
          await changeMany(markers.filter((_, index) => found[index] === undefined))
          return found.map((stored, index) => stored ?? (markers[index] as StoredItem))
        },
      })),
  ],
  [
    'changes both versions whatever is asked',
    'only the soft version',
    (storage) =>
      withMarkers(storage, ({ changeMany }) => ({
        changeMany: (changes) => changeMany(changes.map(({ key, header, payload }) => ({ key, header, payload }))),
      })),
  ],
  [
    'changes no marker that is missing',
    'to be changed and missing',
    (storage) =>
      withMarkers(storage, ({ changeMany }) => ({
        async changeMany(changes) {
          const found = await storage.getMany(changes.map(({ key }) => key))
          await changeMany(changes.filter((_, index) => found[index] !== undefined))
        },
      })),
  ],
  [
    'shortens the life of a marker',
    'never shortens it',
    (storage) =>
      withMarkers(storage, ({ changeMany }) => ({
        async changeMany(changes) {
          const found = await storage.getMany(changes.map(({ key }) => key))
          await storage.deleteMany(changes.map(({ key }) => key))
          await changeMany(
            changes.map(({ softOnly, ...change }, index) => ({
              ...change,
              header: softOnly === true ? (found[index] ?? change).header : change.header,
            })),
          )
        },
      })),
  ],
  [
    'does not prolong the life of a marker that is there',
    'prolongs the life of a marker',
    (storage) =>
      withMarkers(storage, ({ ensureMany }) => ({
        async ensureMany(markers) {
          const found = await storage.getMany(markers.map(({ key }) => key))
          const missing = markers.filter((_, index) => found[index] === undefined)
          const made = new Map((await ensureMany(missing)).map((one, index) => [missing[index]?.key, one]))
          return markers.map((marker, index) => found[index] ?? made.get(marker.key) ?? marker)
        },
      })),
  ],
  [
    'lists what has expired, and leases',
    'does not list',
    (storage) => {
      const ever = new Set<string>()
      return {
        ...withLeases(
          storage,
          ({ claimMany }) => ({
            claimMany(claims) {
              for (const { key } of claims) ever.add(key)
              return claimMany(claims)
            },
          }),
          {
            keys: async function* () {
              yield [...ever]
            },
          },
        ),
        setMany(items) {
          for (const { key } of items) ever.add(key)
          return storage.setMany(items)
        },
      }
    },
  ],
]

// What a feed must not leave out, and what it must not add.
const feedFaults: readonly (readonly [string, string, Fault])[] = [
  ['says that following has begun before it has', 'begins after a write', (storage) => withFeed(storage, beginsLate)],
  [
    'never says that following has begun',
    'that following has begun',
    (storage) => withFeed(storage, (listener) => ({ ...listener, unbroken() {} })),
  ],
  [
    'tells only of what it changed itself',
    'tells of a set by another instance',
    (storage) => {
      const own = new Set<string>()
      return {
        ...withFeed(storage, (listener) => ({
          ...listener,
          changed: (keys) => listener.changed(keys.filter((key) => own.has(key))),
        })),
        setMany(items) {
          for (const { key } of items) own.add(key)
          return storage.setMany(items)
        },
      }
    },
  ],
  ['tells nothing of what is made stale', 'tells of an expire', (storage) => muted(storage, 'expireMany')],
  ['tells nothing of what is deleted', 'tells of a delete', (storage) => muted(storage, 'deleteMany')],
  ['tells nothing of a clear', 'tells of a clear', (storage) => muted(storage, 'clear')],
  [
    'cuts the keys it tells',
    'every key there can be',
    (storage) =>
      withFeed(storage, (listener) => ({
        ...listener,
        changed: (keys) => listener.changed(keys.map((key) => key.slice(0, 255))),
      })),
  ],
  [
    'tells no more than a thousand keys of one change',
    'ten thousand changes',
    (storage) =>
      withFeed(storage, (listener) => ({
        ...listener,
        changed: (keys) => listener.changed(keys.slice(0, 1_000)),
        changedAll() {},
      })),
  ],
  [
    'tells of leases',
    'tells nothing of leases',
    (storage) => {
      const listeners: FeedListener[] = []
      const followed = withFeed(storage, (listener) => {
        listeners.push(listener)
        return listener
      })
      const { claimMany } = storage.capabilities.leases
      return {
        capabilities: {
          ...followed.capabilities,
          leases: {
            ...storage.capabilities.leases,
            claimMany(claims) {
              for (const listener of listeners) listener.changed(claims.map(({ key }) => key))
              return claimMany(claims)
            },
          },
        },
      }
    },
  ],
  [
    'goes on after it was stopped',
    'each until it stops',
    (storage) => withFeed(storage, (listener) => listener, { stop: () => Promise.resolve() }),
  ],
]

test.concurrent.each(feedFaults)(
  'a feed that %s fails where it says: %s',
  async (_what, where, fault) => {
    const failures = await failuresOf((storage) => ({ ...storage, ...fault(storage) }))
    expect(failures.filter((title) => title.includes(where))).not.toEqual([])
    // Cases of a feed wait for what a faulty one never tells.
  },
  60_000,
)

test.each(faults)('a storage that %s fails where it says: %s', async (_what, where, fault) => {
  // Without its feed, whose cases would wait for what a faulty storage never tells.
  const failures = await failuresOf((storage) => withoutFeed({ ...storage, ...fault(storage) }), { feed: 'too slow' })
  expect(failures.filter((title) => title.includes(where))).not.toEqual([])
})

test('a capability that is not there, and not excused, fails; so does an excuse for one that is', async () => {
  const plain = (storage: SimpleStorage): Storage => ({
    ...storage,
    capabilities: { time: storage.capabilities.time },
  })
  expect(await failuresOf(plain)).toContain('gives a lease to the first who claims it, and says so to the others')
  expect(await failuresOf(plain, { leases: 'no', markers: 'no', scan: 'no', feed: 'no' })).toEqual([])
  expect(await failuresOf((storage) => storage, { scan: 'too lazy' })).toEqual(['has no scan: too lazy'])
})

/** The titles of the tests that fail. */
async function failuresOf(
  fault: (storage: SimpleStorage) => Storage,
  cannot?: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const tests: (readonly [string, () => Promise<void>])[] = []
  const open = (): Promise<StorageUnderTest> => {
    const clock = virtualClock()
    const storage = simpleStorage({ clock, feed: true })
    return Promise.resolve({
      storage: fault(storage),
      another: () => Promise.resolve(fault(storage.another())),
      advance: (milliseconds) => Promise.resolve(clock.tick(milliseconds)),
    })
  }
  storageConformance(
    { name: 'faulty', open, ...(cannot && { cannot }) },
    { describe: (_, body) => body(), test: (title, body) => tests.push([title, body]) },
  )
  const failures: string[] = []
  // Side by side: what is never told is waited for.
  await Promise.all(tests.map(([title, body]) => body().catch(() => failures.push(title))))
  return failures
}

function withLeases(
  storage: SimpleStorage,
  change: (leases: Leases) => Partial<Leases>,
  scan = storage.capabilities.scan,
): Pick<Storage, 'capabilities'> {
  const { leases } = storage.capabilities
  return { capabilities: { ...storage.capabilities, scan, leases: { ...leases, ...change(leases) } } }
}

function withoutFeed(storage: Storage): Storage {
  const { feed: _, ...capabilities } = storage.capabilities
  return { ...storage, capabilities }
}

function withMarkers(storage: SimpleStorage, change: (markers: Markers) => Partial<Markers>): Partial<Storage> {
  const { markers } = storage.capabilities
  return { capabilities: { ...storage.capabilities, markers: { ...markers, ...change(markers) } } }
}

function withFeed(
  storage: SimpleStorage,
  change: (listener: FeedListener) => FeedListener,
  following?: ReturnType<Feed['follow']>,
): Pick<Storage, 'capabilities'> {
  const { feed } = storage.capabilities
  if (feed === undefined) throw new Error('made without a feed')
  return {
    capabilities: {
      ...storage.capabilities,
      feed: {
        follow(prefix, listener) {
          const own = feed.follow(prefix, change(listener))
          return following ?? own
        },
      },
    },
  }
}

// Everything in the first milliseconds passes it by.
function beginsLate(listener: FeedListener): FeedListener {
  let hasBegun = false
  return {
    ...listener,
    unbroken() {
      listener.unbroken()
      setTimeout(() => (hasBegun = true), 5)
    },
    changed(keys) {
      if (hasBegun) listener.changed(keys)
    },
  }
}

// What one operation changes is not told.
function muted(storage: SimpleStorage, operation: 'expireMany' | 'deleteMany' | 'clear'): Partial<Storage> {
  let isMuted = false
  const quiet = async (change: () => Promise<unknown>): Promise<never> => {
    isMuted = true
    const answer = await change()
    isMuted = false
    return answer as never
  }
  return {
    ...withFeed(storage, (listener) => ({
      ...listener,
      changed(keys) {
        if (!isMuted) listener.changed(keys)
      },
    })),
    [operation]: (of: never) => quiet(() => storage[operation](of)),
  }
}

function mappingKeys(storage: SimpleStorage, map: (key: string) => string): Partial<Storage> {
  return {
    getMany: (keys) => storage.getMany(keys.map(map)),
    setMany: (items) => storage.setMany(items.map((one) => ({ ...one, key: map(one.key) }))),
    deleteMany: (keys) => storage.deleteMany(keys.map(map)),
  }
}
