import { once, setMaxListeners } from 'node:events'
import { type Explorer, openExplorer } from './explorer.ts'
import { measure } from './demo/measure.ts'
import { help, type Options, readOptions } from './options.ts'
import { holds, report } from './demo/report.ts'

const file = '.tiercel/git-explorer.sqlite'

const stop = new AbortController()
setMaxListeners(Infinity, stop.signal)
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())

process.exitCode = await main(process.argv.slice(2))

/** @returns the exit code: 0, 1 where something went wrong or did not hold, 2 for options that make no sense */
async function main(parameters: readonly string[]): Promise<number> {
  let options: Options
  try {
    options = readOptions(parameters)
  } catch (error) {
    console.error(`git explorer: ${messageOf(error)}\nTry --help.`)
    return 2
  }
  if (options.help) {
    console.log(help)
    return 0
  }
  try {
    return await explore(options, stop.signal)
  } catch (error) {
    if (stop.signal.aborted) return 130
    console.error(`git explorer: ${messageOf(error)}`)
    return 1
  }
}

async function explore(options: Options, signal: AbortSignal): Promise<number> {
  await using explorer = await openExplorer({
    ...options,
    path: options.repo,
    file,
    moved: (name) => console.error(`${name} has moved: its pages are loaded anew`),
    failed: (error) => console.error(`looking for new commits failed: ${messageOf(error)}`),
  })
  console.log(`${explorer.repository.name} at ${explorer.url}\n`)
  const measured = await measure(explorer, { file, requests: options.requests, signal })
  console.log(`${report(measured)}\n`)
  if (!options.once) await untilStopped(explorer, signal)
  return holds(measured) ? 0 : 1
}

async function untilStopped({ url }: Explorer, signal: AbortSignal): Promise<void> {
  console.log(`Still at ${url}; Ctrl-C ends it.`)
  if (!signal.aborted) await once(signal, 'abort')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
