import type { Row } from './row.ts'
import { type Subject, subjects } from './subjects.ts'
import { zipf } from './zipf.ts'

const value = { name: 'one for all' }

/** The share of requests that find their key; what is missing is set. */
export function readThroughOnce(cache: Subject, requests: Uint32Array | Int32Array): number {
  let hits = 0
  for (let at = 0; at < requests.length; at++) {
    const key = requests[at] ?? 0
    if (cache.get(key) === undefined) cache.set(key, value)
    else hits++
  }
  return hits / requests.length
}

/** Hit ratios where keys are asked for by Zipf's law: steady, as another framework measured itself, and after a shift. */
export function measureHitRatios(progress: (what: string) => void): readonly Row[] {
  const rows: Row[] = []
  const row = { group: 'hit ratio', unit: '%', isMoreBetter: true } as const
  for (const [exponent, reach, aim] of [
    [0.9, 68, 68.8],
    [1, 78.8, 79.4],
  ] as const) {
    progress(`Zipf ${exponent}`)
    const requests = zipf(exponent, 100_000, 3_000_000, 1)
    const figures = forEachSubject((make) => {
      const cache = make(10_000)
      readThroughOnce(cache, requests.subarray(0, 1_000_000))
      return readThroughOnce(cache, requests.subarray(1_000_000)) * 100
    })
    rows.push({ ...row, what: `Zipf ${exponent}, 100k keys, 10 %, steady`, figures, reach, aim })
  }
  // What a Zipf generator with an offset of 10 makes, as cacheme's benchmark uses it.
  const requests = zipf(1.0001, 100_000, 1_000_000, 7, 10)
  for (const [size, reach] of [
    [500, 41.2],
    [2500, 58],
    [10_500, 71.6],
    [50_500, 87.7],
  ] as const) {
    progress(`cacheme's benchmark at ${size}`)
    const figures = forEachSubject((make) => readThroughOnce(make(size), requests) * 100)
    rows.push({ ...row, what: `cacheme's benchmark at ${size}`, figures, reach })
  }
  progress('a working set replaced')
  return [...rows, measureShift()]
}

function measureShift(): Row {
  const size = 10_000
  const before = zipf(0.9, 100_000, 1_000_000, 3)
  const after = zipf(0.9, 100_000, size * 10, 4).map((key) => key + 100_000)
  const figures = forEachSubject((make) => {
    const cache = make(size)
    readThroughOnce(cache, before)
    return readThroughOnce(cache, after) * 100
  })
  const lru = figures['lru-cache'] ?? 0
  return {
    group: 'hit ratio',
    what: 'working set replaced, next 10 × size',
    unit: '%',
    isMoreBetter: true,
    figures,
    reach: lru - 2,
    aim: lru,
  }
}

function forEachSubject(measure: (make: (capacity: number) => Subject) => number): Record<string, number> {
  return Object.fromEntries(Object.entries(subjects).map(([name, make]) => [name, measure(make)]))
}
