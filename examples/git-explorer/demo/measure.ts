import { seededChance } from 'tiercel/testing'
import { burst, type BurstResult } from './burst.ts'
import { Client } from './client.ts'
import { type Explorer, openExplorer } from '../explorer.ts'
import { itinerary } from './itinerary.ts'
import { movedBranch } from './moved-branch.ts'
import { Progress } from './progress.ts'
import type { Measured } from './report.ts'
import { restart } from './restart.ts'
import { stampede } from './stampede.ts'
import { zipf } from './zipf.ts'

const readers = 4
const sampleSize = 100

// On a long history without a cache, a page may take a minute.
const longestBurst = 60
const longestSample = 20

/** Drives an explorer, and measures what its cache makes of that. */
export async function measure(
  explorer: Explorer,
  { file, requests, signal }: { readonly file: string; readonly requests: number; readonly signal: AbortSignal },
): Promise<Measured> {
  const { repository, url } = explorer
  const crowd = await stampede(explorer, signal)
  const paths = await itinerary(repository, repository.currentBranch, signal)

  const progress = new Progress('burst', requests)
  using client = new Client(url)
  const howBusy = { requests, readers, atMost: longestBurst, signal, progress: progress.show }
  const busy = await burst(client, zipf(paths, seededChance('readers')), howBusy)
  progress.end()

  const uncached = await withoutCache(repository.directory, paths, Math.min(requests, sampleSize), signal)
  const seen = [...new Set(busy.visited.map(({ path }) => path))]
  const claims = [crowd, await restart(explorer, file, seen, signal), await movedBranch(repository, signal)]
  return { burst: busy, uncached, claims }
}

/** The first of the same requests, by as many readers, of an explorer that is the same but for its cache. */
async function withoutCache(
  path: string,
  paths: readonly string[],
  requests: number,
  signal: AbortSignal,
): Promise<BurstResult> {
  await using explorer = await openExplorer({ path, file: ':memory:', enabled: false })
  using client = new Client(explorer.url)
  const progress = new Progress('without a cache', requests)
  const how = { requests, readers, atMost: longestSample, signal, progress: progress.show }
  const result = await burst(client, zipf(paths, seededChance('readers')), how)
  progress.end()
  return result
}
