import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Running } from './processes.ts'
import type { Server } from './server.ts'

/** How one process becomes a server. */
export interface ProcessSteps {
  readonly port: number
  readonly url: string
  /** Starts it, and waits until it takes connections. Called again by `restart`. */
  readonly up: () => Promise<Running>
  /** Takes its data away. */
  readonly remove: () => Promise<void>
}

/** A server that is one process, with all that it forks. */
export async function processServer({ port, url, up, remove }: ProcessSteps): Promise<Server> {
  let running: Running
  try {
    running = await up()
  } catch (error) {
    await remove()
    throw error
  }
  return {
    port,
    url,
    kill: () => running.end(),
    async restart() {
      await running.end()
      running = await up()
    },
    freeze: () => running.signal('SIGSTOP'),
    thaw: () => running.signal('SIGCONT'),
    async stop() {
      await running.end()
      await remove()
    },
  }
}

/** A folder for a server's data. */
export async function dataFolder(name: string): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `tiercel-${name}-`))
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }) }
}
