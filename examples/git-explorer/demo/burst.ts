import type { Client, Reading } from './client.ts'
import type { Origin } from '../origin.ts'

/** A request that was made. */
interface Visited {
  readonly path: string
  readonly origin: Origin
  readonly milliseconds: number
}

/** What became of a burst. */
export interface BurstResult {
  readonly visited: readonly Visited[]
  /** Requests that were not answered with a page. */
  readonly failures: readonly { readonly path: string; readonly status: number }[]
  readonly seconds: number
  /** Whether time was up before all requests were made. */
  readonly isCut: boolean
}

/** How a burst goes. */
export interface BurstOptions {
  readonly requests: number
  /** Requests at a time. */
  readonly readers: number
  /** Seconds after which no more requests are made. */
  readonly atMost: number
  readonly signal: AbortSignal
  readonly progress?: (done: number) => void
}

/** Makes requests, each to the path that comes next, a few at a time. */
export async function burst(client: Client, nextPath: () => string, options: BurstOptions): Promise<BurstResult> {
  const { requests, readers, atMost, signal, progress } = options
  const visited: Visited[] = []
  const failures: { path: string; status: number }[] = []
  const started = performance.now()
  const seconds = (): number => (performance.now() - started) / 1000
  let begun = 0

  const reader = async (): Promise<void> => {
    while (begun < requests && seconds() < atMost) {
      begun++
      const path = nextPath()
      note(path, await client.read(path, signal))
      progress?.(visited.length + failures.length)
    }
  }
  await Promise.all(Array.from({ length: readers }, reader))
  return { visited, failures, seconds: seconds(), isCut: begun < requests }

  function note(path: string, { status, origin, milliseconds }: Reading): void {
    if (status === 200 && origin !== undefined) visited.push({ path, origin, milliseconds })
    else failures.push({ path, status })
  }
}
