import { once } from 'node:events'
import { Client } from './client.ts'
import { openExplorer } from '../explorer.ts'

/** What a second start is told. */
export interface SecondStartTask {
  readonly path: string
  readonly file: string
  readonly paths: readonly string[]
}

/** What it found. */
export interface SecondStartReport {
  readonly bySqlite: number
  readonly loads: number
  readonly milliseconds: readonly number[]
  readonly openedIn: number
}

/** The other side of restart.ts: opens the explorer anew, and reads every page once, one after another. */
async function readAll({ path, file, paths }: SecondStartTask): Promise<SecondStartReport> {
  const started = performance.now()
  await using explorer = await openExplorer({ path, file })
  const openedIn = performance.now() - started
  using client = new Client(explorer.url)

  const milliseconds: number[] = []
  let bySqlite = 0
  for (const page of paths) {
    const reading = await client.read(page)
    milliseconds.push(reading.milliseconds)
    if (reading.origin === 'sqlite') bySqlite++
  }
  return { bySqlite, loads: explorer.cache.stats().loadCount, milliseconds, openedIn }
}

const [task] = (await once(process, 'message')) as [SecondStartTask]
process.send?.(await readAll(task))
process.disconnect()
