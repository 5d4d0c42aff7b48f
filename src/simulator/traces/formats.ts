import { invalidOption } from '../../kernel/errors.ts'
import { accessLog } from './access-log.ts'
import { arc } from './arc.ts'
import { csv } from './csv.ts'
import type { Decoder, Decoding } from './decoder.ts'
import { lirs } from './lirs.ts'
import { oracleGeneral } from './oracle-general.ts'
import { plainLines } from './plain-lines.ts'
import { u32 } from './u32.ts'

/** The formats a trace can have; each may be gzipped. */
export type TraceFormat = 'lines' | 'csv' | 'log' | 'u32' | 'arc' | 'lirs' | 'oracle'

/** What makes the decoder of each. */
export const decoders: Readonly<Record<TraceFormat, (decoding: Decoding) => Decoder>> = {
  lines: plainLines,
  csv,
  log: accessLog,
  u32,
  arc,
  lirs,
  oracle: oracleGeneral,
}

/** All formats. */
export const traceFormats = Object.keys(decoders) as readonly TraceFormat[]

/** @throws CacheError `INVALID_OPTION` for a name that is none */
export function parseFormat(name: string): TraceFormat {
  const format = traceFormats.find((one) => one === name)
  if (format === undefined) throw invalidOption('format', `one of ${traceFormats.join(', ')}`, name)
  return format
}
