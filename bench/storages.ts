import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Storage } from 'tiercel'
import { file } from 'tiercel/file'
import { memcached } from 'tiercel/memcached'
import { mongodb } from 'tiercel/mongodb'
import { mysql } from 'tiercel/mysql'
import { postgres } from 'tiercel/postgres'
import { redis, redisCluster } from 'tiercel/redis'
import { sqlite } from 'tiercel/sqlite'
import { startServer, type ServerKind } from '../tests/servers/servers.ts'
import { medians } from './rounds.ts'
import { rawFile, rawSqlite } from './storages/raw-local.ts'
import { rawMemcached } from './storages/raw-memcached.ts'
import { type Raw, rawCluster, rawIoredis, rawMongodb, rawMysql, rawNodeRedis, rawPostgres } from './storages/raw.ts'
import { openRows } from './storages/rows.ts'

const help = `Every storage beside its own client doing the same by hand. Ratios: ours ÷ by hand, less is better.

Usage: npm run bench -- storages [names…] [options]

  --rounds N    interleaved rounds, of which medians are taken (15)
  --json FILE   also as JSON
  --help

Example: npm run bench -- storages redis postgres
`

/** Times every storage, or those named, on servers started for it. */
export async function run(parameters: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...parameters],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '15' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const unknown = positionals.filter((name) => !Object.hasOwn(contestants, name))
  if (values.help || unknown.length > 0) {
    console.log(`${help}\nNames: ${Object.keys(contestants).join(' ')}`)
    if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}`)
    return
  }
  const names = positionals.length > 0 ? positionals : Object.keys(contestants)
  const figures: Figure[] = []
  console.log('storage          what                                     ops/s     by hand   ratio   goal')
  for (const name of names) figures.push(...(await measure(name, Number(values.rounds))))
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, undefined, 2)}\n`)
}

interface Figure {
  readonly storage: string
  readonly what: string
  readonly operationsPerSecond: number
  readonly byHandPerSecond: number
  /** Our time to theirs. */
  readonly ratio: number
  readonly goal?: number
}

interface Pair {
  readonly storage: Storage
  readonly raw: Raw
  readonly end?: () => Promise<void>
}

const goalsOfAll: Readonly<Record<string, number>> = { 'getMany(100), 2 KB': 1.1 }
const goals: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  redis: {
    'hit, 2 KB, one at a time': 1.06,
    'hit, 2 KB, 100 at once': 0.8,
    'hit, 50 B, 100 at once': 0.6,
    'set, 2 KB, one at a time': 1.15,
    'write under lease, 2 KB, one at a time': 1.3,
  },
}

const contestants: Readonly<Record<string, () => Promise<Pair>>> = {
  redis: onServer('redis', (url) => redis({ url, driver: 'ioredis' }), rawIoredis),
  'node-redis': onServer('redis', (url) => redis({ url, driver: '@redis/client' }), rawNodeRedis),
  'redis-cluster': onServer('redis-cluster', (url) => redisCluster({ url }), rawCluster),
  memcached: onServer('memcached', (url) => memcached({ servers: [new URL(url).host] }), rawMemcached),
  postgres: onServer('postgres', (url) => postgres({ url }), rawPostgres),
  mysql: onServer('mysql', (url) => mysql({ url }), rawMysql),
  mongodb: onServer('mongodb', (url) => mongodb({ url }), rawMongodb),
  sqlite: inFolder(async (folder) => ({
    storage: sqlite({ path: join(folder, 'cache.db') }),
    raw: await rawSqlite(folder),
  })),
  file: inFolder(async (folder) => ({
    storage: file({ directory: join(folder, 'cache') }),
    raw: await rawFile(folder),
  })),
}

async function measure(name: string, rounds: number): Promise<readonly Figure[]> {
  const { storage, raw, end } = await (contestants[name] as () => Promise<Pair>)()
  const figures: Figure[] = []
  try {
    const { rows, cache } = await openRows(storage, raw)
    for (const { what, operations, ours, theirs } of rows) {
      const times = await medians([ours, theirs], { rounds, operations })
      const [mine = 0, other = 0] = [times.get(ours.name), times.get(theirs.name)]
      const goal = goals[name]?.[what] ?? goalsOfAll[what]
      const figure: Figure = {
        storage: name,
        what,
        operationsPerSecond: 1e9 / mine,
        byHandPerSecond: 1e9 / other,
        ratio: mine / other,
        ...(goal !== undefined && { goal }),
      }
      figures.push(figure)
      console.log(line(figure))
    }
    await cache.close()
  } finally {
    await raw.close()
    await end?.()
  }
  return figures
}

function line({ storage, what, operationsPerSecond, byHandPerSecond, ratio, goal }: Figure): string {
  const target = goal === undefined ? '' : `≤ ${goal} ${ratio <= goal ? 'reached' : 'missed'}`
  const speeds = [operationsPerSecond, byHandPerSecond].map((speed) => speed.toFixed(0).padStart(9))
  return `${storage.padEnd(16)} ${what.padEnd(38)} ${speeds.join(' ')}   ${ratio.toFixed(2).padStart(5)}   ${target}`
}

/** A pair in a temporary folder. */
function inFolder(open: (folder: string) => Promise<Pair>): () => Promise<Pair> {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tiercel-bench-'))
    return { ...(await open(folder)), end: () => rm(folder, { recursive: true, force: true }) }
  }
}
/** A pair on a server of its own. */
function onServer(
  kind: ServerKind,
  open: (url: string) => Storage,
  openRaw: (url: string) => Promise<Raw>,
): () => Promise<Pair> {
  return async () => {
    const server = await startServer(kind)
    return { storage: open(server.url), raw: await openRaw(server.url), end: () => server.stop() }
  }
}
