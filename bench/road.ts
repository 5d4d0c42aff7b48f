import { LRUCache } from 'lru-cache'
import { createCache, memory } from 'tiercel'
import { type Contestant, medians } from './rounds.ts'

const keyCount = 10_000
const together = 100
const options = { rounds: 31, operations: 200_000 }

interface User {
  readonly id: number
}

/**
 * What a memory hit costs through a node, beside an async function over lru-cache. Both build the key for each call, both
 * have a ttl to watch, and both walk the same list of ids.
 */
export async function run(): Promise<void> {
  const ids = Array.from({ length: keyCount }, (_, index) => (index * 7919) % keyCount)
  const idAt = (operation: number): number => ids[operation % keyCount] ?? 0

  const cache = createCache({ storages: { local: memory({ maxEntries: 2 * keyCount }) } })
  const node = cache.node({
    name: 'user',
    key: (id: number) => `${id}`,
    load: (id): User => ({ id }),
    ttl: '1h',
  })
  const lru = new LRUCache<string, User>({ max: 2 * keyCount, ttl: 3_600_000 })
  const throughLru = async (id: number): Promise<User | undefined> => lru.get(`tiercel:user:${id}`)
  for (const id of ids) {
    await node.get(id)
    lru.set(`tiercel:user:${id}`, { id })
  }

  const asked: readonly { readonly what: string; readonly ours: Contestant; readonly theirs: Contestant }[] = [
    {
      what: 'node.get, 1 caller',
      ours: oneByOne('node.get', (operation) => node.get(idAt(operation))),
      theirs: oneByOne('async over lru.get', (operation) => throughLru(idAt(operation))),
    },
    {
      what: `node.get, ${together} callers`,
      ours: sideBySide('node.get', (operation) => node.get(idAt(operation))),
      theirs: sideBySide('async over lru.get', (operation) => throughLru(idAt(operation))),
    },
    {
      what: 'node.peek',
      ours: synchronous('node.peek', (operation) => node.peek(idAt(operation))),
      theirs: synchronous('lru.get', (operation) => lru.get(`tiercel:user:${idAt(operation)}`)),
    },
  ]
  console.log(`A memory hit, ${keyCount} keys, medians of ${options.rounds} interleaved rounds\n`)
  console.log('what                       Tiercel        lru-cache      ratio   goal')
  for (const { what, ours, theirs } of asked) {
    const times = await medians([ours, theirs], options)
    const [mine = 0, other = 0] = [times.get(ours.name), times.get(theirs.name)]
    const goal = what.startsWith('node.get') ? '≤ 1.3' : ''
    console.log(
      `${what.padEnd(26)} ${`${mine.toFixed(0)} ns`.padEnd(14)} ${`${other.toFixed(0)} ns`.padEnd(14)} ${(mine / other).toFixed(2).padEnd(7)} ${goal}`,
    )
  }
  await cache.close()
}

function oneByOne(name: string, ask: (operation: number) => Promise<unknown>): Contestant {
  return {
    name,
    async run(operations) {
      for (let operation = 0; operation < operations; operation++) await ask(operation)
    },
  }
}

function sideBySide(name: string, ask: (operation: number) => Promise<unknown>): Contestant {
  return {
    name,
    async run(operations) {
      for (let from = 0; from < operations; from += together) {
        const asked: Promise<unknown>[] = []
        for (let operation = from; operation < from + together; operation++) asked.push(ask(operation))
        await Promise.all(asked)
      }
    },
  }
}

function synchronous(name: string, ask: (operation: number) => unknown): Contestant {
  let kept: unknown
  return {
    name,
    run(operations) {
      for (let operation = 0; operation < operations; operation++) kept = ask(operation)
      if (kept === undefined) throw new Error(`${name} found nothing`)
    },
  }
}
