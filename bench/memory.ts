import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { measureFootprint } from './memory/footprint.ts'
import { measureHitRatios } from './memory/hit-ratios.ts'
import { measurePauses } from './memory/pauses.ts'
import { picture } from './memory/picture.ts'
import { table } from './memory/report.ts'
import type { Row } from './memory/row.ts'
import { measureSpeed, type SpeedRow } from './memory/speed.ts'
import { measureTraces } from './memory/traces.ts'

/** What must be reached and what was hoped for, times lru-cache's speed, at 1k, 10k and 100k entries. */
const speedTargets: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  'get hit, same string': [
    [1.25, 2.4],
    [1.4, 1.75],
    [1.45, 2],
  ],
  'get hit, fresh string': [[1.5, 1.7]],
  'get miss': [[1.05, 1.2]],
  'set update': [[1.6, 2]],
  'set new': [
    [0.85, 1.1],
    [1, 1.5],
    [2, 2.5],
  ],
  'read-through, Zipf 1.0': [
    [0.85, 1],
    [1.15, 1.4],
    [1.35, 1.7],
  ],
  'integers: get hit': [[1.9, 2.8]],
  'integers: set new': [[2, 4]],
  'integers: read-through': [[2, 3.5]],
}

const parts = ['speed', 'ratios', 'traces', 'footprint', 'pauses'] as const

/**
 * Measures the memory cache beside its peers and prints every row with its target.
 *
 * `--traces DIR` replays the traces there; `--only speed,ratios,traces,footprint,pauses` leaves out the rest;
 * `--rounds N` of the interleaved timings; `--json FILE`, `--svg FILE`.
 */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      traces: { type: 'string' },
      only: { type: 'string' },
      rounds: { type: 'string', default: '15' },
      json: { type: 'string' },
      svg: { type: 'string' },
    },
  })
  const isWanted = (part: (typeof parts)[number]): boolean => values.only?.split(',').includes(part) ?? true
  const progress = (what: string): boolean => process.stderr.write(`\r\x1b[K${what} …`)
  const rows: Row[] = []
  if (isWanted('speed')) {
    progress('speed')
    rows.push(...(await measureSpeed([1000, 10_000, 100_000], Number(values.rounds), 'lru-cache')).map(asRow))
  }
  if (isWanted('ratios')) rows.push(...measureHitRatios(progress))
  if (isWanted('traces') && values.traces !== undefined) rows.push(...measureTraces(values.traces, progress))
  if (isWanted('footprint')) rows.push(...measureFootprint(progress))
  if (isWanted('pauses')) rows.push(...measurePauses(progress))
  process.stderr.write('\r\x1b[K')
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model}. Speeds are times lru-cache's, medians of interleaved rounds.\n`,
  )
  console.log(table(rows))
  if (values.traces === undefined) console.log('\nWithout --traces DIR, the traces were left out.')
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ node: process.version, rows }, null, 2))
  if (values.svg !== undefined) writeFileSync(values.svg, picture(rows, 'The memory cache and its targets'))
}

function asRow(row: SpeedRow): Row {
  const targets = speedTargets[row.what] ?? []
  const at = [1000, 10_000, 100_000].indexOf(row.capacity)
  const [reach, aim] = targets[at] ?? targets[0] ?? []
  return {
    group: 'speed',
    what: `${row.what}, ${row.capacity / 1000}k`,
    unit: '×',
    isMoreBetter: true,
    figures: row.ratios,
    ...(reach === undefined ? {} : { reach }),
    ...(aim === undefined ? {} : { aim }),
  }
}
