import { type Row, verdict } from './row.ts'

/** The rows as a table for a terminal: ours beside its targets, then the others. */
export function table(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.figures)))]
  const head = ['', 'tiercel', 'reach', 'aim', '', ...names.filter((name) => name !== 'tiercel')]
  const lines = rows.map((row) => [
    row.unit === '' ? row.what : `${row.what}, ${row.unit}`,
    figure(row.figures['tiercel']),
    figure(row.reach),
    figure(row.aim),
    verdict(row),
    ...names.filter((name) => name !== 'tiercel').map((name) => figure(row.figures[name])),
  ])
  const widths = head.map((_, column) => Math.max(...[head, ...lines].map((line) => line[column]?.length ?? 0)))
  return [head, ...lines]
    .map((line) => line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))))
    .map((line) => line.join('  '))
    .join('\n')
}

function figure(number: number | undefined): string {
  return number === undefined ? '' : number.toFixed(2)
}
