import type { BurstResult } from './burst.ts'
import type { Claim } from './claim.ts'
import { inMilliseconds, percentile } from './figures.ts'
import { type Origin, origins } from '../origin.ts'

/** What was measured. */
export interface Measured {
  readonly burst: BurstResult
  /** A sample of the same requests, one at a time, of an explorer that caches nothing. */
  readonly uncached: BurstResult
  readonly claims: readonly Claim[]
}

const names: Readonly<Record<Origin, string>> = {
  memory: 'from memory',
  sqlite: 'from SQLite',
  loaded: 'loaded from git',
}

/** The table that is printed. */
export function report({ burst, uncached, claims }: Measured): string {
  const pageCount = new Set(burst.visited.map(({ path }) => path)).size
  const failureCount = burst.failures.length + uncached.failures.length
  const rows = [
    ['', 'requests', 'share', 'p50', 'p99'],
    ...origins.map((origin) => row(names[origin], timesOf(burst, origin), burst.visited.length)),
    row('all', timesOf(burst), burst.visited.length),
    row('without a cache', timesOf(uncached), undefined),
  ]
  return [
    `${burst.visited.length} requests for ${pageCount} pages in ${burst.seconds.toFixed(1)} s${burst.isCut ? ', when time was up' : ''}`,
    '',
    ...aligned(rows),
    '',
    'Some pages are popular and most are not (Zipf). Times are those of four readers, over HTTP; loaded also means',
    `having waited for a load. Without a cache: the first ${uncached.visited.length} of the same requests, by as many readers.`,
    ...(failureCount === 0 ? [] : [`${failureCount} requests failed: ${failuresOf(burst, uncached)}`]),
    '',
    ...claims.flatMap(({ holds, title, details }) => [`${holds ? '✓' : '✗'} ${title}`, `    ${details}`]),
  ].join('\n')
}

/** Whether all that is claimed was so. */
export function holds({ burst, uncached, claims }: Measured): boolean {
  return claims.every((claim) => claim.holds) && burst.failures.length === 0 && uncached.failures.length === 0
}

function timesOf({ visited }: BurstResult, origin?: Origin): readonly number[] {
  return visited.filter((visit) => origin === undefined || visit.origin === origin).map((visit) => visit.milliseconds)
}

function row(name: string, times: readonly number[], total: number | undefined): readonly string[] {
  const share = total === undefined || total === 0 ? '' : `${((times.length / total) * 100).toFixed(1)} %`
  const latencies = [0.5, 0.99].map((rank) => percentile(times, rank))
  return [
    name,
    times.length.toLocaleString('en'),
    share,
    ...latencies.map((value) => (value === undefined ? '–' : inMilliseconds(value))),
  ]
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   '),
  )
}

function failuresOf(...results: readonly BurstResult[]): string {
  const failures = results.flatMap((result) => result.failures)
  const shown = failures.slice(0, 3).map(({ path, status }) => `${path} (${status})`)
  return shown.join(', ') + (failures.length > shown.length ? ', …' : '')
}
