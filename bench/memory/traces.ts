import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { readThroughOnce } from './hit-ratios.ts'
import type { Row } from './row.ts'
import { subjects } from './subjects.ts'

interface Cell {
  readonly trace: string
  readonly requests: number
  readonly size: number
  readonly lru: number
}

/**
 * Replays every cell that the table in the folder's README names: a trace, a size, and LRU's figure to compare with.
 * @param folder where the traces are, each a gzip of little-endian 32-bit key numbers
 */
export function measureTraces(folder: string, progress: (what: string) => void): readonly Row[] {
  const cells = readCells(readFileSync(join(folder, 'README.md'), 'utf8'))
  const ratios = new Map<string, number[]>()
  for (const name of Object.keys(subjects)) ratios.set(name, [])
  let keys: Uint32Array = new Uint32Array(0)
  for (const [at, cell] of cells.entries()) {
    progress(`traces: ${cell.trace} at ${cell.size}`)
    if (cell.trace !== cells[at - 1]?.trace) keys = readTrace(join(folder, `${cell.trace}.u32.gz`))
    const requests = keys.subarray(0, cell.requests)
    for (const [name, make] of Object.entries(subjects)) {
      ratios.get(name)?.push(readThroughOnce(make(cell.size), requests) * 100)
    }
  }
  const ours = ratios.get('tiercel') ?? []
  const behind = cells.map((cell, at) => (ours[at] ?? 0) - cell.lru)
  const means = [...ratios].map(([name, list]) => [name, list.reduce((sum, ratio) => sum + ratio, 0) / list.length])
  const row = { group: 'traces', isMoreBetter: true } as const
  return [
    {
      ...row,
      what: `mean hit ratio over ${cells.length} cells`,
      unit: '%',
      figures: Object.fromEntries(means) as Record<string, number>,
      reach: 39.4,
      aim: 40.1,
    },
    {
      ...row,
      what: 'cells more than half a point below LRU',
      unit: '',
      isMoreBetter: false,
      figures: { tiercel: behind.filter((points) => points < -0.5).length },
      reach: 10,
      aim: 5,
    },
    {
      ...row,
      what: 'the worst cell against LRU',
      unit: 'points',
      figures: { tiercel: Math.min(...behind) },
      reach: -3,
    },
  ]
}

function readCells(readme: string): readonly Cell[] {
  const rows = readme.split('\n').filter((line) => /^\| [a-z0-9_-]+ \| \d/.test(line))
  return rows.map((line) => {
    const [, trace = '', requests, , size, , lru] = line.split('|').map((part) => part.trim())
    return { trace, requests: Number(requests), size: Number(size), lru: Number(lru) }
  })
}

function readTrace(path: string): Uint32Array {
  const bytes = gunzipSync(readFileSync(path))
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}
