import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type * as loopsModule from './loops.ts'
import { type Key, type Subject, subjects } from './subjects.ts'
import { seededRandom, zipf } from './zipf.ts'

/** Times the speed of the measure, by cache: the median of what it was in each round. */
export interface SpeedRow {
  readonly what: string
  readonly capacity: number
  readonly ratios: Readonly<Record<string, number>>
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

type Loops = typeof loopsModule

interface Scenario {
  readonly what: string
  /** Prepares a cache. @returns what is timed */
  readonly prepare: (cache: Subject, loops: Loops, size: number) => () => unknown
}

const operations = 1 << 16
const value = { name: 'one for all' }
const stringOf = (n: number): string => `user:${n}:profile`
const numberOf = (n: number): number => n * 7

const scenarios: readonly Scenario[] = [
  { what: 'get hit, same string', prepare: (cache, loops, size) => hits(cache, loops, stringOf, size) },
  {
    what: 'get hit, fresh string',
    prepare(cache, loops, size) {
      fill(cache, stringOf, 0, size)
      const order = anyOf(size)
      return () => loops.readFresh(cache, stringOf, order)
    },
  },
  {
    what: 'get miss',
    prepare(cache, loops, size) {
      fill(cache, stringOf, 0, size)
      const keys = Array.from({ length: size }, (_, n) => stringOf(size + n))
      const order = anyOf(size)
      return () => loops.read(cache, keys, order, false)
    },
  },
  {
    what: 'set update',
    prepare(cache, loops, size) {
      const keys = fill(cache, stringOf, 0, size)
      const order = anyOf(size)
      return () => loops.write(cache, keys, order, value)
    },
  },
  { what: 'set new', prepare: (cache, loops, size) => newcomers(cache, loops, stringOf, size) },
  { what: 'read-through, Zipf 1.0', prepare: (cache, loops, size) => readingThrough(cache, loops, stringOf, size) },
  { what: 'integers: get hit', prepare: (cache, loops, size) => hits(cache, loops, numberOf, size) },
  { what: 'integers: set new', prepare: (cache, loops, size) => newcomers(cache, loops, numberOf, size) },
  { what: 'integers: read-through', prepare: (cache, loops, size) => readingThrough(cache, loops, numberOf, size) },
]

/**
 * Times every scenario for every cache. In each round every cache has its turn, another one first each time, and is
 * compared with the measure in the same round: so what the machine does beside falls on all alike.
 */
export async function measureSpeed(
  sizes: readonly number[],
  rounds: number,
  measure: string,
): Promise<readonly SpeedRow[]> {
  const loopsOf = new Map<string, Loops>()
  for (const name of Object.keys(subjects)) loopsOf.set(name, (await import(`./loops.ts?for=${name}`)) as Loops)
  const rows: SpeedRow[] = []
  for (const capacity of sizes) {
    for (const scenario of scenarios) {
      const timed = Object.entries(subjects).map(([name, make]) => {
        const loops = loopsOf.get(name)
        if (loops === undefined) throw new Error(`no loops for ${name}`)
        return { name, run: scenario.prepare(make(capacity), loops, capacity), times: [] as number[] }
      })
      // What preparing left behind shall not be collected at anybody's expense.
      collectGarbage()
      // Two rounds for the compiler.
      for (let round = 0; round < rounds + 2; round++) {
        const order = [...timed.slice(round % timed.length), ...timed.slice(0, round % timed.length)]
        for (const one of order) {
          const time = timeOf(one.run)
          if (round >= 2) one.times.push(time / operations)
        }
      }
      const measured = timed.find(({ name }) => name === measure)?.times ?? []
      const ratio = (times: readonly number[]): number =>
        median(times.map((time, round) => (measured[round] ?? 0) / time))
      rows.push({
        what: scenario.what,
        capacity,
        ratios: Object.fromEntries(timed.map(({ name, times }) => [name, ratio(times)])),
      })
    }
  }
  return rows
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[sorted.length >> 1] ?? 0
}

// The processor's time, not the clock's: while others have the processor, nobody here is slow.
function timeOf(run: () => unknown): number {
  const began = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(began)
  return user + system
}

function fill(cache: Subject, keyOf: (n: number) => Key, from: number, size: number): readonly Key[] {
  const keys = Array.from({ length: size }, (_, n) => keyOf(from + n))
  for (const key of keys) cache.set(key, value)
  return keys
}

function anyOf(size: number): Int32Array {
  const random = seededRandom(size)
  return Int32Array.from({ length: operations }, () => Math.floor(random() * size))
}

function hits(cache: Subject, loops: Loops, keyOf: (n: number) => Key, size: number): () => unknown {
  const keys = fill(cache, keyOf, 0, size)
  const order = anyOf(size)
  return () => loops.read(cache, keys, order, true)
}

// Every key has long gone when its turn comes again.
function newcomers(cache: Subject, loops: Loops, keyOf: (n: number) => Key, size: number): () => unknown {
  fill(cache, keyOf, 0, size)
  const keys = Array.from({ length: size * 2 + operations * 4 }, (_, n) => keyOf(size + n))
  const order = new Int32Array(operations)
  let next = 0
  return () => {
    for (let at = 0; at < operations; at++) order[at] = (next + at) % keys.length
    next = (next + operations) % keys.length
    loops.write(cache, keys, order, value)
  }
}

function readingThrough(cache: Subject, loops: Loops, keyOf: (n: number) => Key, size: number): () => unknown {
  const requests = zipf(1, size * 10, operations * 16, size)
  const keys = Array.from({ length: size * 10 }, (_, n) => keyOf(n))
  loops.readThrough(cache, keys, requests, value)
  let part = 0
  return () => {
    part = (part + 1) % 16
    loops.readThrough(cache, keys, requests.subarray(part * operations, (part + 1) * operations), value)
  }
}
