import type { Storage } from '../../contracts/storage.ts'
import { CacheError } from '../../kernel/errors.ts'
import { Lifecycle } from '../lifecycle.ts'
import { Entries } from './entries.ts'
import { clearPrefix, entryKeys } from './enumeration.ts'
import { isLeaseKey } from './lease-key.ts'
import { readFigures } from './server-stats.ts'
import type { Reply } from './server-client.ts'
import type { Servers } from './servers.ts'

/** What a storage over Redis servers is made of. */
export interface RedisParts {
  readonly type: string
  /** Milliseconds, for what comes without a ttl. */
  readonly ttl: number
  openServers(): Promise<Servers>
}

/** The storage over one server or a cluster. */
export function redisStorage({ type, ttl, openServers }: RedisParts): Storage {
  const life = new Lifecycle<Opened>(type, {
    async open() {
      const servers = await openServers()
      return { servers, entries: new Entries(servers, ttl, () => []) }
    },
    close({ servers }) {
      servers.close()
      return Promise.resolve()
    },
  })
  const withEntries = <Answer>(
    keys: Iterable<string>,
    operation: (entries: Entries) => Promise<Answer>,
  ): Promise<Answer> =>
    life.run(({ entries }) => {
      for (const key of keys) refuseLeaseKey(type, key)
      return operation(entries)
    })

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
        async *keys(prefix) {
          const pages = await life.run(({ servers }) => entryKeys(servers, prefix))
          for (;;) {
            const page = await life.run(() => pages.next())
            if (page.done === true) return
            yield page.value
          }
        },
      },
      time: {
        now: () =>
          life.run(async ({ servers }) =>
            millisecondsOf(await servers.ask({ slot: 0, words: ['TIME'], isRead: true })),
          ),
      },
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
    clear: (prefix) => life.run(({ servers }) => clearPrefix(servers, prefix)),
    close: () => life.close(),
  }
}

interface Opened {
  readonly servers: Servers
  readonly entries: Entries
}

function refuseLeaseKey(type: string, key: string): void {
  if (!isLeaseKey(key)) return
  throw new CacheError(
    'INVALID_OPTION',
    `${type}: keys that begin with ${key.slice(0, 7)} are those of leases, got ${JSON.stringify(key)}`,
  )
}

function millisecondsOf(reply: Reply): number {
  const [seconds, microseconds] = reply as readonly [Buffer, Buffer]
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000)
}
