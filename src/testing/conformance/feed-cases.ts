import assert from 'node:assert/strict'
import type { FeedListener, Leases, Storage } from '../../contracts/storage.ts'
import { awkwardKeys } from './awkward-keys.ts'
import { item, type Bench, type StorageCase } from './storage-case.ts'

const minute = 60_000

// Servers are told of being followed, and tell, over a network; a connection they must notice to be broken they may
// take a second and a half for.
const patience = 3_000

/** What changes a key, whoever does it. Each is given a storage where `shop:a` stands. */
const changes: readonly (readonly [string, (storage: Storage) => Promise<unknown>])[] = [
  ['a set', (storage) => storage.setMany([item('shop:a', 'new')])],
  ['an expire', (storage) => storage.expireMany(['shop:a'])],
  ['a delete', (storage) => storage.deleteMany(['shop:a'])],
  ['a clear', (storage) => storage.clear('shop:')],
]

/** Whoever follows hears of every change under the prefix, and of nothing after they stopped. */
const cases: readonly StorageCase[] = [
  {
    title: 'tells a follower that following has begun, whether or not it was open before',
    async run(bench) {
      const early = follow(bench)
      await early.heard('unbroken')
      await bench.storage.open()
      const late = follow(bench)
      await late.heard('unbroken')
      await Promise.all([early.stop(), late.stop()])
    },
  },
  ...changes.map(([what, change]): StorageCase => ({
    title: `tells of ${what}`,
    async run(bench) {
      await bench.storage.setMany([item('shop:a')])
      const follower = await followed(bench)
      await change(bench.storage)
      await follower.heard('shop:a')
      await follower.stop()
    },
  })),
  ...changes.map(([what, change]): StorageCase => ({
    title: `tells of ${what} by another instance`,
    needs: ['another'],
    async run(bench) {
      const other = await bench.another()
      await other.setMany([item('shop:a')])
      const follower = await followed(bench)
      await change(other)
      await follower.heard('shop:a')
      await follower.stop()
    },
  })),
  {
    title: 'tells of what a lease brought',
    needs: ['leases'],
    async run(bench) {
      await claim(bench.leases, 'shop:a')
      const follower = await followed(bench)
      assert.deepEqual(await bench.leases.fulfilMany([{ ...item('shop:a'), token: 'mine' }]), [true])
      await follower.heard('shop:a')
      await follower.stop()
    },
  },
  {
    title: 'tells nothing of leases: claimed, renewed, refused, given back',
    needs: ['leases'],
    async run(bench) {
      const { storage, leases } = bench
      await storage.setMany([item('shop:a')])
      const follower = await followed(bench)
      await claim(leases, 'shop:a')
      await leases.renewMany([{ key: 'shop:a', token: 'mine', life: minute }])
      await leases.fulfilMany([{ ...item('shop:a', 'yours'), token: 'yours' }])
      await leases.releaseMany([{ key: 'shop:a', token: 'mine' }])
      await claim(leases, 'shop:b')
      await storage.setMany([item('shop:last')])
      await follower.heard('shop:last')
      assert.deepEqual(follower.story, ['unbroken', 'shop:last'])
      await follower.stop()
    },
  },
  {
    title: 'tells of a marker that is made or changed',
    needs: ['markers'],
    async run(bench) {
      const { markers } = bench
      const follower = await followed(bench)
      await markers.changeMany([item('shop:#made', 'first')])
      await follower.heard('shop:#made')
      await markers.changeMany([{ ...item('shop:#made', 'second'), softOnly: true }])
      await follower.heard('shop:#made', 2)
      await follower.stop()
    },
  },
  {
    title: 'tells of every key there can be, as it was written',
    async run(bench) {
      const keys = awkwardKeys(bench.storage.maxKeyBytes)
      const follower = await followed(bench, '')
      await bench.storage.setMany(keys.map((key) => item(key)))
      await bench.storage.setMany([item('last')])
      await follower.heard('last')
      const missed = follower.story.includes('all') ? [] : keys.filter((key) => !follower.story.includes(key))
      assert.deepEqual(
        missed.map((key) => key.slice(0, 40)),
        [],
      )
      await follower.stop()
    },
  },
  {
    title: 'tells of ten thousand changes, by their keys or by saying that everything may have changed',
    async run(bench) {
      const keys = Array.from({ length: 10_000 }, (_, index) => `shop:many:${index}`)
      const follower = await followed(bench)
      await bench.storage.setMany(keys.map((key) => item(key)))
      await follower.until(() => {
        const told = new Set(follower.story)
        return told.has('all') || keys.every((key) => told.has(key))
      }, 'told of all')
      follower.story.length = 0
      await bench.storage.clear('shop:')
      await follower.until(() => {
        const told = new Set(follower.story)
        return told.has('all') || keys.every((key) => told.has(key))
      }, 'told of all that were cleared')
      await follower.stop()
    },
  },
  {
    title: 'takes a prefix literally: nothing inside it is left out',
    async run(bench) {
      for (const head of ['p%', 'p_', 'p*', 'p?', 'p[a-z]', 'p\\', "p'", 'p ', 'pä', 'p😀']) {
        const follower = await followed(bench, head)
        await bench.storage.setMany([item(`${head}a`)])
        await follower.heard(`${head}a`)
        await follower.stop()
      }
    },
  },
  {
    title: 'serves several followers, each until it stops',
    async run(bench) {
      const first = await followed(bench)
      const second = await followed(bench)
      await bench.storage.setMany([item('shop:a')])
      await Promise.all([first.heard('shop:a'), second.heard('shop:a')])
      await first.stop()
      first.story.length = 0
      await bench.storage.setMany([item('shop:b')])
      await second.heard('shop:b')
      assert.deepEqual(first.story, [], 'told after it stopped')
      await second.stop()
      await second.stop()
    },
  },
  {
    title: 'begins after a write that was awaited, and misses nothing from then on',
    async run(bench) {
      for (let round = 0; round < 10; round++) {
        const follower = await followed(bench)
        await bench.storage.setMany([item(`shop:${round}`)])
        await follower.heard(`shop:${round}`)
        await follower.stop()
      }
    },
  },
  {
    title: 'ends with the storage: nothing is told after it was closed',
    needs: ['another'],
    async run(bench) {
      const other = await bench.another()
      const follower = await followed(bench)
      const witness = await followed({ ...bench, feed: present(other) })
      await bench.storage.close()
      follower.story.length = 0
      await other.setMany([item('shop:a')])
      await witness.heard('shop:a')
      assert.deepEqual(follower.story, [])
      await follower.stop()
      await witness.stop()
    },
  },
]

/** The cases of feeds; storages without are spared them. */
export const feedCases: readonly StorageCase[] = cases.map((one) => ({
  ...one,
  needs: ['feed', ...(one.needs ?? [])],
}))

/** What somebody who follows has been told: keys, `all`, `unbroken`, `broken`. */
interface Follower {
  readonly story: string[]
  stop(): Promise<void>
  /** Waits until something was told, so many times; `all` stands for every key. */
  heard(what: string, times?: number): Promise<void>
  until(isSo: () => boolean, what: string): Promise<void>
}

async function followed(bench: Pick<Bench, 'feed' | 'advance'>, prefix?: string): Promise<Follower> {
  const follower = follow(bench, prefix)
  await follower.heard('unbroken')
  return follower
}

function follow({ feed, advance }: Pick<Bench, 'feed' | 'advance'>, prefix = 'shop:'): Follower {
  const story: string[] = []
  const listener: FeedListener = {
    unbroken: () => void story.push('unbroken'),
    changed: (keys) => void story.push(...keys),
    changedAll: () => void story.push('all'),
    broken: () => void story.push('broken'),
  }
  const following = feed.follow(prefix, listener)
  const until = async (isSo: () => boolean, what: string): Promise<void> => {
    const end = Date.now() + patience
    while (!isSo()) {
      assert.ok(Date.now() < end, `not ${what} in time, but ${JSON.stringify(story.slice(0, 20))}`)
      // Time for a feed that lives by a clock of its own, and for one that comes over a network.
      await advance(1)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }
  return {
    story,
    stop: () => following.stop(),
    heard: (what, times = 1) =>
      until(() => {
        const told = story.filter((one) => one === what || (one === 'all' && what !== 'unbroken'))
        return told.length >= times
      }, `told of '${what}'`),
    until,
  }
}

async function claim(leases: Leases, key: string): Promise<void> {
  await leases.claimMany([{ key, token: 'mine', life: minute }])
}

function present({ capabilities }: Storage): NonNullable<Storage['capabilities']['feed']> {
  assert.ok(capabilities.feed !== undefined, 'another instance has no feed')
  return capabilities.feed
}
