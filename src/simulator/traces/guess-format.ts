import { accessLogLine } from './access-log.ts'
import { fieldsOf, separatorOf } from './csv.ts'
import type { TraceFormat } from './formats.ts'
import { oracleRecord } from './oracle-general.ts'

/**
 * Which format a trace has, by its name or, if that says nothing, by how it begins.
 * @param name of the file; a `.gz` at the end doesn't count
 * @param start its first bytes, a few thousand
 * @returns `undefined` for bytes that could be anything
 */
export function guessFormat(name: string, start: Uint8Array): TraceFormat | undefined {
  const ending = /\.([a-z0-9]+)(?:\.bin)?(?:\.gz)?$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  return byEnding[ending] ?? byContent(start)
}

const byEnding: Readonly<Record<string, TraceFormat>> = {
  u32: 'u32',
  csv: 'csv',
  tsv: 'csv',
  arc: 'arc',
  lis: 'arc',
  lirs: 'lirs',
  trc: 'lirs',
  oraclegeneral: 'oracle',
}

function byContent(start: Uint8Array): TraceFormat | undefined {
  if (start.includes(0)) return looksLikeOracle(start) ? 'oracle' : undefined
  const text = Buffer.from(start).toString('latin1')
  // The last line may be cut off.
  const whole = text.includes('\n') ? text.slice(0, text.lastIndexOf('\n')) : text
  return byLines(whole.split(/\r?\n/).filter((line) => line.trim() !== ''))
}

// Seconds that never go back, and sizes that an object can have.
function looksLikeOracle(start: Uint8Array): boolean {
  const records = Math.floor(start.length / oracleRecord)
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength)
  let before = 0
  for (let record = 0; record < records; record++) {
    const seconds = view.getUint32(record * oracleRecord, true)
    const next = view.getBigInt64(record * oracleRecord + 16, true)
    const isNext = next === noNext || (next >= -1n && next <= farthestNext)
    if (seconds < before || !isNext) return false
    before = seconds
  }
  return records > 0
}

function byLines(lines: readonly string[]): TraceFormat {
  const most = (test: (line: string) => boolean): boolean => lines.filter(test).length > lines.length / 2
  if (most((line) => accessLogLine.test(line))) return 'log'
  if (most((line) => /^\s*\d+\s+\d+\s+\d+\s+\d+\s*$/.test(line))) return 'arc'
  if (lines.some((line) => line.trim() === '*') && most((line) => /^\s*\d+\s*$/.test(line))) return 'lirs'
  return looksLikeCsv(lines) ? 'csv' : 'lines'
}

function looksLikeCsv([header = '', ...lines]: readonly string[]): boolean {
  const separator = separatorOf(header)
  if (separator === undefined || lines.length === 0) return false
  const width = fieldsOf(header, separator)?.length
  return lines.every((line) => fieldsOf(line, separator)?.length === width)
}

const noNext = 2n ** 63n - 1n
const farthestNext = 2n ** 40n
