import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Claim } from './claim.ts'
import { Client, type Reading } from './client.ts'
import { openExplorer } from '../explorer.ts'
import { inMilliseconds } from './figures.ts'
import { Git } from '../git.ts'
import type { Repository } from '../repository.ts'

const moving = 'git-explorer-moves'
const staying = 'git-explorer-stays'
const subject = 'A commit made by the git explorer'

/**
 * A commit on one of two branches: the pages of that branch are loaded anew, and nothing else is. It happens in a
 * clone of the repository, in a temporary folder and with a cache of its own.
 */
export async function movedBranch(original: Repository, signal: AbortSignal): Promise<Claim> {
  const folder = await mkdtemp(join(tmpdir(), 'git-explorer-'))
  try {
    const clone = join(folder, 'clone')
    await makeClone(original, clone, signal)
    return await watchCommit(original, clone, join(folder, 'cache.sqlite'), signal)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function watchCommit(original: Repository, clone: string, file: string, signal: AbortSignal): Promise<Claim> {
  let seen = (): void => {}
  const moved = new Promise<void>((resolve) => (seen = resolve))
  await using explorer = await openExplorer({
    path: clone,
    file,
    moved: (name) => (name === moving ? seen() : undefined),
  })
  using client = new Client(explorer.url)

  const tip = explorer.heads.current.get(moving) as string
  const ancestors = await original.ancestors(tip, 20, signal)
  const movingPages = pagesOf(`/branch/${moving}`)
  const otherPages = [...pagesOf(`/branch/${staying}`), ...ancestors.map((hash) => `/commit/${hash}`)]
  await readAll(client, [...movingPages, ...otherPages], signal)

  const committed = performance.now()
  await commit(clone, tip, signal)
  await withDeadline(moved, 20_000)
  const noticedAfter = performance.now() - committed

  const movedReadings = await readAll(client, movingPages, signal)
  const otherReadings = await readAll(client, otherPages, signal)
  const reloaded = movedReadings.filter(({ origin }) => origin === 'loaded').length
  const disturbed = otherReadings.filter(({ origin }) => origin !== 'memory' && origin !== 'sqlite').length
  const isShown = movedReadings[0]?.text.includes(subject) === true
  return {
    holds: isShown && reloaded === movingPages.length && disturbed === 0,
    title: `a commit: ${reloaded} of ${movingPages.length} pages of its branch loaded anew, ${disturbed} of ${otherPages.length} others`,
    details: `seen and forgotten ${inMilliseconds(noticedAfter)} after it was made, ${isShown ? 'and then shown' : 'but not shown'}`,
  }
}

// Each from an entry of its own, so that each has to be loaded.
function pagesOf(branch: string): readonly string[] {
  return [branch, `${branch}/contributors`, `${branch}/files`, `${branch}/search?q=the`]
}

async function readAll(client: Client, paths: readonly string[], signal: AbortSignal): Promise<readonly Reading[]> {
  const readings: Reading[] = []
  for (const path of paths) readings.push(await client.read(path, signal))
  return readings
}

// It borrows the objects of the original rather than copy them, and takes neither its files nor its hooks.
async function makeClone(original: Repository, clone: string, signal: AbortSignal): Promise<void> {
  const { tip } = await original.branch(original.currentBranch, signal)
  const how = ['--shared', '--no-checkout', '--no-tags', '--template=', '--quiet']
  await new Git(dirname(clone)).run(['clone', ...how, '--', original.directory, clone], signal)
  for (const name of [moving, staying]) await new Git(clone).run(['update-ref', `refs/heads/${name}`, tip], signal)
}

async function commit(clone: string, parent: string, signal: AbortSignal): Promise<void> {
  const git = new Git(clone)
  const author = ['-c', 'user.name=git explorer', '-c', 'user.email=git-explorer@localhost']
  const made = await git.run([...author, 'commit-tree', '-p', parent, '-m', subject, `${parent}^{tree}`], signal)
  await git.run(['update-ref', `refs/heads/${moving}`, made.trim()], signal)
}

async function withDeadline(promise: Promise<void>, milliseconds: number): Promise<void> {
  const stop = new AbortController()
  const late = setTimeout(milliseconds, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`the commit was not seen within ${inMilliseconds(milliseconds)}`)
  })
  await Promise.race([promise, late]).finally(() => stop.abort())
}
