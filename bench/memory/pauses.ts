import type { Row } from './row.ts'
import { median } from './speed.ts'
import { subjects } from './subjects.ts'
import { seededRandom } from './zipf.ts'

const most = 1_000_000
const value = {}
const measured = ['tiercel', 'lru-cache'] as const

/** The longest a single operation takes while a cache grows to a million entries, and how reads slow down with size. */
export function measurePauses(progress: (what: string) => void): readonly Row[] {
  const keys = Array.from({ length: most * 1.2 }, (_, n) => `user:${n}`)
  const worst: Record<string, number> = {}
  const growth: Record<string, number> = {}
  for (const name of measured) {
    progress(`a million entries in ${name}`)
    worst[name] = median([1, 2, 3].map(() => worstSet(name, keys)))
    growth[name] = readTime(name, keys, most) / readTime(name, keys, 1000)
  }
  return [
    {
      group: 'size',
      what: 'worst single operation up to 1M entries',
      unit: 'ms',
      isMoreBetter: false,
      figures: worst,
      reach: 30,
      aim: 10,
    },
    {
      group: 'size',
      what: 'a get hit at 1M entries, times one at 1k',
      unit: '×',
      isMoreBetter: false,
      figures: growth,
      reach: 20,
      aim: 12,
    },
  ]
}

function make(name: string, size: number): { get(key: string): unknown; set(key: string, value: object): unknown } {
  const cache = subjects[name]?.(size)
  if (cache === undefined) throw new Error(`no cache called ${name}`)
  return cache
}

function worstSet(name: string, keys: readonly string[]): number {
  const cache = make(name, most)
  let worst = 0
  for (const key of keys) {
    const began = performance.now()
    cache.set(key, value)
    const took = performance.now() - began
    if (took > worst) worst = took
  }
  return worst
}

function readTime(name: string, keys: readonly string[], size: number): number {
  const cache = make(name, size)
  for (let n = 0; n < size; n++) cache.set(keys[n] ?? '', value)
  const random = seededRandom(1)
  const order = Int32Array.from({ length: 200_000 }, () => Math.floor(random() * size))
  const times = Array.from({ length: 5 }, () => {
    const began = performance.now()
    for (let at = 0; at < order.length; at++) cache.get(keys[order[at] ?? 0] ?? '')
    return performance.now() - began
  })
  return median(times)
}
