import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Row } from './row.ts'

const measured = ['tiercel', 'lru-cache'] as const

/** The longest a single operation takes while a cache grows to a million entries, and how reads slow down with size. */
export function measurePauses(progress: (what: string) => void): readonly Row[] {
  const child = fileURLToPath(new URL('./pauses-child.ts', import.meta.url))
  const worst: Record<string, number> = {}
  const growth: Record<string, number> = {}
  for (const name of measured) {
    progress(`a million entries in ${name}`)
    // A process of its own: what others left behind would be collected at this one's expense.
    const output = execFileSync(process.execPath, [...process.execArgv, child, name]).toString()
    const [slowest = Number.NaN, times = Number.NaN] = output.split(' ').map(Number)
    worst[name] = slowest
    growth[name] = times
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
