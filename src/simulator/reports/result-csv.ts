import type { SimulationResult } from '../simulation-result.ts'

/** The figures as CSV: a line for every trace, policy and size. */
export function toCsv(results: readonly SimulationResult[]): string {
  const lines = results.flatMap(({ trace, requests, keys, curves }) =>
    curves.flatMap(({ policy, points }) =>
      points.map(({ size, hits, hitRatio }) =>
        [quoted(trace), requests, keys, policy, size, hits, hitRatio.toFixed(6)].join(','),
      ),
    ),
  )
  return ['trace,requests,keys,policy,size,hits,hit_ratio', ...lines, ''].join('\n')
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}
