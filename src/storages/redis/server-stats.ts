import type { ServerFigures } from '../../contracts/storage.ts'
import { textOf, type Reply } from './server-client.ts'
import type { Servers } from './servers.ts'

/** What the servers say of themselves, added up. */
export async function readFigures(servers: Servers): Promise<ServerFigures> {
  const answers = await Promise.all(
    (await servers.each()).map((server) =>
      Promise.all([server.send(['INFO', 'stats']), server.send(['INFO', 'memory']), server.send(['DBSIZE'])]),
    ),
  )
  const sum = (of: (answer: readonly Reply[]) => number | undefined): number | undefined =>
    answers.reduce((total: number | undefined, answer) => {
      const figure = of(answer)
      return total === undefined || figure === undefined ? undefined : total + figure
    }, 0)

  const hitCount = sum(([stats]) => field(stats, 'keyspace_hits'))
  const missCount = sum(([stats]) => field(stats, 'keyspace_misses'))
  return {
    hitCount,
    missCount,
    hitRate: rate(hitCount, missCount),
    evictionCount: sum(([stats]) => field(stats, 'evicted_keys')),
    memoryBytes: sum(([, memory]) => field(memory, 'used_memory')),
    keyCount: sum(([, , size]) => Number(size)),
  }
}

function field(text: Reply | undefined, name: string): number | undefined {
  const match = new RegExp(`^${name}:(\\d+)\\r?$`, 'm').exec(textOf(text))
  return match === null ? undefined : Number(match[1])
}

function rate(hits: number | undefined, misses: number | undefined): number | undefined {
  if (hits === undefined || misses === undefined) return undefined
  return hits === 0 ? 0 : hits / (hits + misses)
}
