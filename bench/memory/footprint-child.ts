import { type Subject, subjects } from './subjects.ts'

// Prints the bytes of an entry: what the process has more of after a cache was filled and churned than before.
const [name = '', kind] = process.argv.slice(2)
const entries = 100_000
const value = {}
const keyOf = kind === 'strings' ? (n: number) => `k${n}` : (n: number) => n * 7

const make = subjects[name]
if (make === undefined || globalThis.gc === undefined) throw new Error('wants the name of a cache, and --expose-gc')
// What the compiler makes of it all is not to be counted.
churn(make(1000))
const before = bytesInUse()
const cache = make(entries)
churn(cache)
process.stdout.write(((bytesInUse() - before) / entries).toFixed(1))
// It must still be alive when it is weighed.
cache.get(keyOf(0))

function churn(one: Subject): void {
  for (let n = 0; n < entries * 5; n++) one.set(keyOf(n), value)
  for (let n = 0; n < entries * 2; n++) if (one.get(keyOf(n * 3)) === undefined) one.set(keyOf(n * 3), value)
}

function bytesInUse(): number {
  for (let times = 0; times < 3; times++) globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
