import { randomUUID } from 'node:crypto'
import type { Claim } from './claim.ts'
import { Client } from './client.ts'
import type { Explorer } from '../explorer.ts'
import { inMilliseconds } from './figures.ts'

const crowd = 100

/** Many readers want a page at once that nobody has wanted before: git is asked once. */
export async function stampede({ url, nodes, repository }: Explorer, signal: AbortSignal): Promise<Claim> {
  using client = new Client(url)
  const { tip } = await repository.branch(repository.currentBranch, signal)
  // Nobody has looked for it, and git has to go through all messages to find nothing.
  const path = `/commit/${tip}/search?q=${randomUUID()}`

  const before = nodes.search.stats()
  const started = performance.now()
  const readings = await Promise.all(Array.from({ length: crowd }, () => client.read(path, signal)))
  const elapsed = performance.now() - started
  const after = nodes.search.stats()

  const loads = after.loadCount - before.loadCount
  const waited = after.coalescedCount - before.coalescedCount
  const late = after.hitCount - before.hitCount
  const answered = readings.filter(({ status }) => status === 200).length
  return {
    holds: loads === 1 && answered === crowd,
    title: `${crowd} readers at once of a page that nobody had asked for: ${loads} ${loads === 1 ? 'load' : 'loads'}`,
    details: `${waited} waited for it, ${late} came when it was there; all had their page after ${inMilliseconds(elapsed)}`,
  }
}
