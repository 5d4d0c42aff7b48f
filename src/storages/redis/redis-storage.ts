import type { FeedListener, Storage } from '../../contracts/storage.ts'
import { CacheError } from '../../kernel/errors.ts'
import { Lifecycle } from '../lifecycle.ts'
import { changeMessages, changesChannel } from './changes-channel.ts'
import { Entries, type Publish } from './entries.ts'
import { entryKeys, leasedKeys } from './enumeration.ts'
import { findFeedWay, type FeedChoice } from './feed-way.ts'
import { Following, type FeedSource } from './following.ts'
import { isLeaseKey } from './lease-key.ts'
import { readFigures } from './server-stats.ts'
import { textOf, type FeedWay, type Reply } from './server-client.ts'
import type { Servers } from './servers.ts'

/** What a storage over Redis servers is made of. */
export interface RedisParts {
  readonly type: string
  readonly feed: FeedChoice
  /** Milliseconds, for what comes without a ttl. */
  readonly ttl: number
  readonly openServers: () => Promise<Servers>
}

/** The storage over one server or a cluster. */
export function redisStorage({ type, ttl, feed, openServers }: RedisParts): Storage {
  const followings = new Set<Following>()
  const life = new Lifecycle<Opened>(type, {
    async open() {
      const servers = await openServers()
      try {
        const way = await findFeedWay(feed, servers)
        return { servers, way, entries: new Entries(servers, ttl, way === 'pubsub' ? publishing : undefined) }
      } catch (error) {
        servers.close()
        throw error
      }
    },
    close({ servers }) {
      servers.close()
      return Promise.resolve()
    },
  })
  const sourceOf = (): Promise<FeedSource> =>
    life.run(async ({ servers, way }) => {
      if (way === undefined) throw new CacheError('UNSUPPORTED', `${type}: the server allows neither way of a feed`)
      return { way, ...(await servers.listeners()) }
    })
  const withEntries = <Answer>(
    keys: Iterable<string>,
    operation: (entries: Entries) => Promise<Answer>,
  ): Promise<Answer> =>
    life.run(({ entries }) => {
      for (const key of keys) refuseLeaseKey(type, key)
      return operation(entries)
    })

  async function* pages(
    list: (servers: Servers) => AsyncGenerator<readonly string[]>,
  ): AsyncGenerator<readonly string[]> {
    const all = await life.run(({ servers }) => list(servers))
    for (;;) {
      const page = await life.run(() => all.next())
      if (page.done === true) return
      yield page.value
    }
  }

  return {
    kind: 'shared',
    type,
    capabilities: {
      leases: {
        claimMany: (claims) => life.run(({ entries }) => entries.leases.claimMany(claims)),
        renewMany: (renewals) => life.run(({ entries }) => entries.leases.renewMany(renewals)),
        fulfilMany: (items) => life.run(({ entries }) => entries.leases.fulfilMany(items)),
        releaseMany: (held) => life.run(({ entries }) => entries.leases.releaseMany(held)),
      },
      markers: {
        ensureMany: (markers) => life.run(({ entries }) => entries.markers.ensureMany(markers)),
        changeMany: (changes) => life.run(({ entries }) => entries.markers.changeMany(changes)),
      },
      scan: {
        keys: (prefix) => pages((servers) => entryKeys(servers, prefix)),
        leases: (prefix) => pages((servers) => leasedKeys(servers, prefix)),
      },
      time: {
        now: () =>
          life.run(async ({ servers }) =>
            millisecondsOf(await servers.ask({ slot: 0, words: ['TIME'], isRead: true })),
          ),
      },
      ...(feed !== 'off' && {
        feed: {
          follow(prefix: string, listener: FeedListener) {
            const following = new Following(sourceOf, prefix, listener)
            followings.add(following)
            return {
              stop() {
                followings.delete(following)
                following.stop()
                return Promise.resolve()
              },
            }
          },
        },
      }),
      serverStats: { read: () => life.run(({ servers }) => readFigures(servers)) },
    },
    open: () => life.run(({ servers }) => servers.open()),
    getMany: (keys) => life.run(({ entries }) => entries.getMany(keys)),
    setMany: (items) =>
      withEntries(
        items.map(({ key }) => key),
        (entries) => entries.setMany(items),
      ),
    expireMany: (keys) => withEntries(keys, (entries) => entries.expireMany(keys)),
    deleteMany: (keys) => withEntries(keys, (entries) => entries.deleteMany(keys)),
    clear: (prefix) => life.run(({ entries }) => entries.clear(prefix)),
    close() {
      for (const following of followings) following.stop()
      return life.close()
    },
  }
}

interface Opened {
  readonly way: FeedWay | undefined
  readonly servers: Servers
  readonly entries: Entries
}

const publishing: Publish = (change) =>
  changeMessages(change).map((message) => ({ slot: 0, words: ['PUBLISH', changesChannel, message] }))

function refuseLeaseKey(type: string, key: string): void {
  if (!isLeaseKey(key)) return
  throw new CacheError(
    'INVALID_OPTION',
    `${type}: keys that begin with ${key.slice(0, 7)} are those of leases, got ${JSON.stringify(key)}`,
  )
}

function millisecondsOf(reply: Reply): number {
  const [seconds, microseconds] = reply as readonly Reply[]
  return Number(textOf(seconds)) * 1_000 + Math.floor(Number(textOf(microseconds)) / 1_000)
}
