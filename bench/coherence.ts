import { Redis } from 'ioredis'
import { type Cache, type CacheNode, createCache, memory } from 'tiercel'
import { redis } from 'tiercel/redis'
import { startServer } from '../tests/servers/servers.ts'
import { type Contestant, medians } from './rounds.ts'

/*
 * What it costs that "invalidated" means invalidated, on a Redis server of its own: commands are counted by the server,
 * times are medians of interleaved rounds.
 */

const keyCount = 1_000
const rounds = 15

/** Measures and prints every row beside its goal. */
export async function run(): Promise<void> {
  const server = await startServer('redis')
  const hand = new Redis(server.url)
  try {
    console.log('what                                                  figure     goal')
    await propagation(server.url)
    await tagInvalidation(server.url, hand)
    await remoteHits(server.url, hand)
    await memoryHits(server.url, hand)
    await leftovers(server.url, hand)
  } finally {
    hand.disconnect()
    await server.stop()
  }
}

interface Value {
  readonly id: number
}

/** A node of a cache whose entries carry so many tags. */
function tagged(cache: Cache, count: number): CacheNode<number, Value> {
  const tags = Array.from({ length: count }, (_, index) => `tag-${index}`)
  return cache.node({
    name: `tags-${count}`,
    key: (id: number) => `${id}`,
    load: (id): Value => ({ id }),
    ttl: '1h',
    ...(count > 0 && { tags }),
  })
}

/** From the call to the moment when another cache's memory has dropped its copy, beside a message of pub/sub. */
async function propagation(url: string): Promise<void> {
  const open = (): Cache => createCache({ prefix: 'news', storages: { local: memory(), shared: redis({ url }) } })
  const [here, there] = [open(), open()]
  const [changed, copied] = [tagged(here, 0), tagged(there, 0)]
  const publisher = new Redis(url)
  const subscriber = new Redis(url)
  await subscriber.subscribe('news')
  let isTold = false
  subscriber.on('message', () => (isTold = true))
  await until(
    () => there.sync()['shared']?.state === 'synchronised' || copied.peek(0) !== undefined,
    () => copied.get(0),
  )

  const [ours, raw]: [number[], number[]] = [[], []]
  for (let round = 0; round < 300; round++) {
    await until(
      () => copied.peek(1) !== undefined,
      () => copied.get(1),
    )
    ours.push(
      await timed(
        () => changed.invalidate(1),
        () => copied.peek(1) === undefined,
      ),
    )
    isTold = false
    raw.push(
      await timed(
        () => publisher.publish('news', 'changed'),
        () => isTold,
      ),
    )
  }
  row('propagation, p50 ÷ raw pub/sub', ratio(ours, raw), 1.2)
  publisher.disconnect()
  subscriber.disconnect()
  await Promise.all([here.close(), there.close()])
}

async function tagInvalidation(url: string, hand: Redis): Promise<void> {
  const cache = createCache({ prefix: 'many', storages: { shared: redis({ url }) } })
  const node = tagged(cache, 1)
  const ids = Array.from({ length: 10_000 }, (_, id) => id)
  for (let from = 0; from < ids.length; from += keyCount) await node.getMany(ids.slice(from, from + keyCount))
  await cache.idle()
  const commands = await commandsOf(hand, () => cache.invalidate({ tags: ['tag-0'] }))
  row('commands of a tag invalidation over 10,000 entries', commands, 2)
  await cache.close()
}

async function remoteHits(url: string, hand: Redis): Promise<void> {
  const cache = createCache({ prefix: 'remote', storages: { shared: redis({ url }) } })
  const [plain, with20] = [tagged(cache, 0), tagged(cache, 20)]
  await fill([plain, with20])
  await cache.idle()
  row('commands of a Redis hit with 20 tags', await commandsOf(hand, () => with20.get(1)), 1)
  for (const callers of [1, 100]) {
    const times = await medians([asking('20', with20, callers), asking('none', plain, callers)], {
      rounds,
      operations: 1_000,
    })
    row(`Redis hit with 20 tags ÷ untagged, ${callers} at once`, (times.get('20') ?? 0) / (times.get('none') ?? 1), 1.3)
  }
  await cache.close()
}

async function memoryHits(url: string, hand: Redis): Promise<void> {
  const cache = createCache({ prefix: 'near', storages: { local: memory(), shared: redis({ url }) } })
  const nodes = [tagged(cache, 0), tagged(cache, 5), tagged(cache, 20)] as const
  await fill(nodes)
  await until(
    () => cache.sync()['shared']?.state === 'synchronised',
    () => Promise.resolve(),
  )
  await fill(nodes)
  row('commands of a memory hit with 20 tags', await commandsOf(hand, () => nodes[2].get(1)), 0)
  const contestants = nodes.map((node, index) => asking(['0', '5', '20'][index] ?? '', node, 1))
  const times = await medians(contestants, { rounds, operations: 100_000 })
  const [none = 1, five = 0, twenty = 0] = ['0', '5', '20'].map((name) => times.get(name))
  row('memory hit with 5 tags ÷ untagged', five / none, 1.5)
  row('memory hit with 20 tags ÷ untagged', twenty / none, 2)
  await cache.close()
}

async function leftovers(url: string, hand: Redis): Promise<void> {
  await hand.flushall()
  const cache = createCache({ prefix: 'left', storages: { shared: redis({ url }) } })
  const node = tagged(cache, 1)
  await node.get(1)
  await cache.idle()
  const before = await hand.dbsize()
  for (let round = 0; round < 100; round++) {
    await cache.invalidate({ tags: ['tag-0'] })
    await node.get(1)
    await cache.idle()
  }
  row('keys left by 100 invalidations of one entry', (await hand.dbsize()) - before, 2)
  await cache.close()
}

async function fill(nodes: readonly CacheNode<number, Value>[]): Promise<void> {
  const ids = Array.from({ length: keyCount }, (_, id) => id)
  for (const node of nodes) await node.getMany(ids)
}

function asking(name: string, node: CacheNode<number, Value>, callers: number): Contestant {
  return {
    name,
    async run(operations) {
      for (let from = 0; from < operations; from += callers) {
        if (callers === 1) await node.get(from % keyCount)
        else await Promise.all(Array.from({ length: callers }, (_, caller) => node.get((from + caller) % keyCount)))
      }
    },
  }
}

/** What a server was asked while something went on. */
async function commandsOf(hand: Redis, action: () => Promise<unknown>): Promise<number> {
  await hand.config('RESETSTAT')
  await action()
  const stats = await hand.info('commandstats')
  const counts = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)]
  return counts
    .filter(([, name = '']) => !/^(?:config|info|ping|client)/.test(name))
    .reduce((sum, [, , calls]) => sum + Number(calls), 0)
}

async function timed(begin: () => Promise<unknown>, isOver: () => boolean): Promise<number> {
  const from = process.hrtime.bigint()
  const done = begin()
  while (!isOver()) await new Promise((resolve) => setImmediate(resolve))
  const took = Number(process.hrtime.bigint() - from)
  await done
  return took
}

async function until(holds: () => boolean, attempt: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 5_000) throw new Error('it does not come about')
    await attempt()
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

function ratio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours) / median(theirs)
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0
}

function row(what: string, figure: number, goal: number): void {
  const verdict = figure <= goal ? 'reached' : 'missed'
  console.log(`${what.padEnd(52)} ${figure.toFixed(2).padStart(7)}     ≤ ${goal} ${verdict}`)
}
