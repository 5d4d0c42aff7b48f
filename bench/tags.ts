import { createCache, memory } from 'tiercel'
import { redis } from 'tiercel/redis'
import { startServer } from '../tests/servers/servers.ts'
import { type Contestant, medians } from './rounds.ts'

const keyCount = 1_000
const counts = [0, 5, 20]
const goals: Readonly<Record<string, readonly string[]>> = {
  quiet: ['', '≤ 1.5', '≤ 2'],
  lively: ['', '≤ 1.5', '≤ 2'],
  redis: ['', '', '≤ 1.3'],
}

/** What tags cost: a hit of an entry with 5 and with 20 of them, beside one without. */
export async function run(): Promise<void> {
  console.log('A hit with so many tags, ÷ without; medians of interleaved rounds\n')
  console.log('where                                            0        5        20       goal')
  await inMemory('memory', 'quiet')
  await inMemory('memory, another tag invalidated every 1,000', 'lively')
  await onRedis()
}

async function inMemory(where: string, kind: 'quiet' | 'lively'): Promise<void> {
  const cache = createCache({ storages: { local: memory({ maxEntries: 10 * keyCount }) } })
  const contestants: Contestant[] = []
  for (const count of counts) {
    const node = cache.node({
      name: `n${count}`,
      key: (id: number) => id,
      load: (id) => ({ id }),
      tags: tagsOf(count),
      ttl: '1h',
    })
    for (let id = 0; id < keyCount; id++) await node.get(id)
    contestants.push({
      name: `${count}`,
      async run(operations) {
        for (let operation = 0; operation < operations; operation++) {
          if (kind === 'lively' && operation % 1_000 === 0) void cache.invalidate({ tags: ['another'] })
          await node.get(operation % keyCount)
        }
      },
    })
  }
  report(where, goals[kind], await medians(contestants, { rounds: 31, operations: 100_000 }))
  await cache.close()
}

async function onRedis(): Promise<void> {
  const server = await startServer('redis')
  const cache = createCache({ storages: { shared: redis({ url: server.url }) } })
  try {
    const contestants: Contestant[] = []
    for (const count of counts) {
      const node = cache.node({
        name: `n${count}`,
        key: (id: number) => id,
        load: (id) => ({ id, text: 'x'.repeat(2_000) }),
        tags: tagsOf(count),
        ttl: '1h',
      })
      await node.getMany(Array.from({ length: keyCount }, (_, id) => id))
      await cache.idle()
      contestants.push({
        name: `${count}`,
        async run(operations) {
          for (let operation = 0; operation < operations; operation++) await node.get(operation % keyCount)
        },
      })
    }
    report('Redis, 2 KB, one at a time', goals['redis'], await medians(contestants, { rounds: 15, operations: 1_000 }))
    const loads = Object.values(cache.stats().nodes).map(({ loadCount }) => loadCount)
    if (loads.some((count) => count !== keyCount)) throw new Error(`these were no hits: ${loads.join(', ')} loads`)
  } finally {
    await cache.close()
    await server.stop()
  }
}

function tagsOf(count: number): ((id: number) => string[]) | undefined {
  if (count === 0) return undefined
  return (id) => Array.from({ length: count }, (_, index) => `tag ${index} of ${id % 10}`)
}

function report(where: string, goal: readonly string[] = [], times: ReadonlyMap<string, number>): void {
  const plain = times.get('0') ?? 0
  const cells = counts.map((count) => {
    const time = times.get(`${count}`) ?? 0
    return (count === 0 ? `${(time / 1_000).toFixed(2)} µs` : (time / plain).toFixed(2)).padEnd(8)
  })
  console.log(`${where.padEnd(48)} ${cells.join(' ')} ${goal.filter(Boolean).join(' / ')}`)
}
