import { constants } from 'node:fs'
import { access, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CacheError, invalidOption } from '../kernel/errors.ts'
import { toCsv } from '../simulator/reports/result-csv.ts'
import { toSvg } from '../simulator/reports/result-svg.ts'
import { simulate } from '../simulator/simulate.ts'
import type { SimulationResult } from '../simulator/simulation-result.ts'
import { traceBytes, traceFile } from '../simulator/traces/trace-file.ts'
import type { Trace } from '../simulator/traces/trace.ts'
import { zipfTrace } from '../simulator/traces/zipf.ts'
import { drawCurves } from './curves.ts'
import { ProgressLine } from './progress-line.ts'
import { parseSimulateArguments, type SimulateArguments } from './simulate-arguments.ts'
import { simulateHelp } from './simulate-help.ts'
import { formatTable } from './table.ts'
import type { Terminal } from './terminal.ts'

/** `tiercel simulate`: replays traces, and shows and writes what came out. */
export async function simulateCommand(parameters: readonly string[], terminal: Terminal): Promise<void> {
  const asked = parseSimulateArguments(parameters)
  if (asked.isHelp) return terminal.out(simulateHelp)
  // Before hours of work, rather than after.
  const traces = asked.traces.map((name) => openTrace(name, asked, terminal))
  await checkFiles(asked)
  await checkFolders(asked)

  const isShown = !Object.values(asked.files).includes('-')
  const results: SimulationResult[] = []
  for (const trace of traces) {
    const result = await simulateOne(trace, asked, terminal)
    results.push(result)
    if (isShown) show(result, asked, terminal)
  }
  await writeFiles(results, asked, terminal)
}

function openTrace(name: string, { format, column }: SimulateArguments, terminal: Terminal): Trace {
  if (name.startsWith('zipf:')) return parseZipf(name)
  const options = { ...(format === undefined ? {} : { format }), ...(column === undefined ? {} : { column }) }
  return name === '-' ? traceBytes('standard input', terminal.input, options) : traceFile(name, options)
}

function parseZipf(name: string): Trace {
  const parts = name.split(':').slice(1)
  const [exponent, keys, requests, seed = 1] = parts.map(Number)
  if (parts.length > 4 || exponent === undefined || keys === undefined || requests === undefined) {
    throw invalidOption('TRACE', 'zipf:EXPONENT:KEYS:REQUESTS[:SEED], like zipf:0.9:100000:1000000', name)
  }
  return zipfTrace({ exponent, keys, requests, seed })
}

async function checkFiles({ traces }: SimulateArguments): Promise<void> {
  for (const name of traces) {
    if (name === '-' || name.startsWith('zipf:')) continue
    await access(name, constants.R_OK).catch((error: unknown) => {
      throw new CacheError('UNREADABLE', `${name}: there is no such file, or it may not be read`, { cause: error })
    })
  }
}

async function checkFolders({ files }: SimulateArguments): Promise<void> {
  for (const [option, path] of Object.entries(files)) {
    if (path === undefined || path === '-') continue
    await access(dirname(path), constants.W_OK).catch((error: unknown) => {
      throw new CacheError('INVALID_OPTION', `--${option}: can't write to the folder of ${path}`, { cause: error })
    })
  }
}

async function simulateOne(trace: Trace, asked: SimulateArguments, terminal: Terminal): Promise<SimulationResult> {
  const { sizes, policies, limit, strict, seed } = asked
  const progress = asked.isQuiet ? undefined : new ProgressLine(terminal)
  try {
    const onProgress = progress === undefined ? {} : { onProgress: progress.show }
    return await simulate({ trace, sizes, policies, limit, strict, seed, ...onProgress })
  } finally {
    progress?.end()
  }
}

function show(result: SimulationResult, { isPlotted }: SimulateArguments, terminal: Terminal): void {
  terminal.out(`\n${formatTable(result, terminal)}\n`)
  if (isPlotted) terminal.out(`${drawCurves(result, terminal)}\n`)
}

async function writeFiles(
  results: readonly SimulationResult[],
  { files }: SimulateArguments,
  terminal: Terminal,
): Promise<void> {
  const write = async (path: string | undefined, text: () => string): Promise<void> => {
    if (path === '-') terminal.out(text())
    else if (path !== undefined) await writeFile(path, text())
  }
  await write(files.csv, () => toCsv(results))
  await write(files.json, () => `${JSON.stringify(results, null, 2)}\n`)
  await write(files.svg, () => toSvg(results))
}
