import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Claim } from './claim.ts'
import type { Explorer } from '../explorer.ts'
import { inMilliseconds, percentile } from './figures.ts'
import type { SecondStartReport, SecondStartTask } from './second-start.ts'

/** Another process, with the file but without our memory, is asked for every page once. */
export async function restart(
  { cache, repository }: Explorer,
  file: string,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Claim> {
  // What was loaded a moment ago may still be on its way into the file.
  await cache.idle()
  const report = await secondStart({ path: repository.directory, file, paths }, signal)
  const { bySqlite, loads, milliseconds, openedIn } = report
  const latency = [percentile(milliseconds, 0.5), percentile(milliseconds, 0.99)].map((value) =>
    inMilliseconds(value ?? 0),
  )
  return {
    holds: bySqlite === paths.length && loads === 0,
    title: `a second start: ${bySqlite} of ${paths.length} pages answered from SQLite, ${loads} loads`,
    details: `a new process, with nothing in memory, open after ${inMilliseconds(openedIn)}; p50 ${latency[0]}, p99 ${latency[1]}`,
  }
}

function secondStart(task: SecondStartTask, signal: AbortSignal): Promise<SecondStartReport> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('second-start.ts', import.meta.url)), { signal })
    child.on('error', reject)
    child.on('message', (report) => resolve(report as SecondStartReport))
    child.on('exit', (code) => reject(new Error(`the second start ended with exit code ${code}`)))
    child.send(task)
  })
}
