import { median } from './speed.ts'
import { subjects } from './subjects.ts'
import { seededRandom } from './zipf.ts'

// Prints the longest a set takes while a cache grows to a million entries, and how many times longer a read takes then
// than in one of a thousand.
const most = 1_000_000
const value = {}
const name = process.argv[2] ?? ''
const keys = Array.from({ length: most * 1.2 }, (_, n) => `user:${n}`)
const growth = readTime(most) / readTime(1000)
process.stdout.write(`${median([1, 2, 3].map(worstSet))} ${growth}`)

function make(size: number): { get(key: string): unknown; set(key: string, value: object): unknown } {
  const cache = subjects[name]?.(size)
  if (cache === undefined) throw new Error(`no cache called ${name}`)
  return cache
}

function worstSet(): number {
  const cache = make(most)
  let worst = 0
  for (const key of keys) {
    const began = performance.now()
    cache.set(key, value)
    const took = performance.now() - began
    if (took > worst) worst = took
  }
  return worst
}

function readTime(size: number): number {
  const cache = make(size)
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
