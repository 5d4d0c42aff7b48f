import { parseArgs } from 'node:util'
import { CacheError, invalidOption } from '../kernel/errors.ts'
import { parsePolicies, type SimulatedPolicy } from '../simulator/simulated-policies.ts'
import { defaultSizes, parseSize, type Size } from '../simulator/sizes.ts'
import { parseFormat, type TraceFormat } from '../simulator/traces/formats.ts'

/** What `tiercel simulate` was asked to do. */
export interface SimulateArguments {
  readonly isHelp: boolean
  readonly traces: readonly string[]
  readonly sizes: readonly Size[]
  readonly policies: readonly SimulatedPolicy[]
  readonly format: TraceFormat | undefined
  readonly column: string | number | undefined
  readonly limit: number
  readonly strict: boolean
  readonly seed: number
  /** Where to write to; `-` is standard output. */
  readonly files: Readonly<Record<'csv' | 'json' | 'svg', string | undefined>>
  readonly isPlotted: boolean
  readonly isQuiet: boolean
}

/** @throws CacheError `INVALID_OPTION` for arguments that make no sense: one line that says which */
export function parseSimulateArguments(parameters: readonly string[]): SimulateArguments {
  const { values, positionals } = parse(parameters)
  const isHelp = values.help === true
  if (positionals.length === 0 && !isHelp) {
    const known = 'a file, - for standard input, or zipf:EXPONENT:KEYS:REQUESTS'
    throw new CacheError('INVALID_OPTION', `name a trace: ${known}; see tiercel simulate --help`)
  }
  const sizes = values.sizes === undefined ? defaultSizes : listOf(values.sizes)
  for (const size of sizes) parseSize(size)
  const policies = parsePolicies(listOf(values.policies ?? 'all')).filter((name) => !values['no-opt'] || name !== 'opt')
  const { column, csv, json, svg } = values
  return {
    isHelp,
    traces: positionals,
    sizes,
    policies,
    format: values.format === undefined ? undefined : parseFormat(values.format),
    column: column !== undefined && /^\d+$/.test(column) ? Number(column) : column,
    limit: parseLimit(values.limit),
    strict: values.strict === true,
    seed: parseSeed(values.seed),
    files: { csv, json, svg },
    isPlotted: values['no-plot'] !== true,
    isQuiet: values.quiet === true,
  }
}

const options = {
  help: { type: 'boolean', short: 'h' },
  sizes: { type: 'string' },
  policies: { type: 'string' },
  'no-opt': { type: 'boolean' },
  format: { type: 'string' },
  column: { type: 'string' },
  limit: { type: 'string' },
  strict: { type: 'boolean' },
  seed: { type: 'string' },
  csv: { type: 'string' },
  json: { type: 'string' },
  svg: { type: 'string' },
  'no-plot': { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
} as const

type Parsed = ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>

function parse(parameters: readonly string[]): Parsed {
  try {
    return parseArgs({ args: [...parameters], options, allowPositionals: true })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // The first sentence says what is wrong, the others how to escape it.
    const [what = ''] = error.message.split(/\. |\n/)
    throw new CacheError('INVALID_OPTION', `${what}; see tiercel simulate --help`, { cause: error })
  }
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return Infinity
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(k|M)?$/.exec(text) ?? []
  const limit = Number(digits ?? 0) * (unit === 'k' ? 1e3 : unit === 'M' ? 1e6 : 1)
  if (limit >= 1 && Number.isInteger(limit)) return limit
  throw invalidOption('limit', 'a number of requests, like 500000, 100k or 2M', text)
}

function parseSeed(text: string | undefined): number {
  if (text === undefined) return 1
  if (/^\d{1,10}$/.test(text)) return Number(text)
  throw invalidOption('seed', 'a whole number', text)
}
