import { branchHref, pathHref } from '../parts.ts'
import { commitsPerPage, type Repository } from '../repository.ts'

const mostCommits = 150
const mostFiles = 60
const mostHistoryPages = 40
const mostSearches = 20

const longestHistory = 100_000
const largestFile = 200_000

/**
 * The pages worth a visit, as far as there are any: those of the branch first, then commits from all along its
 * history, older pages of it, files, and searches for words that occur in it. Read straight from git, so that the
 * cache knows nothing of it.
 */
export async function itinerary(
  repository: Repository,
  branch: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { tip } = await repository.branch(branch, signal)
  const hashes = await repository.ancestors(tip, longestHistory, signal)
  const entries = await repository.allFiles(tip, signal)
  const sizeable = entries.filter(({ type, size }) => type === 'blob' && size !== null && size <= largestFile)
  const recent = await repository.history({ commit: tip, page: 0 }, signal)

  const home = branchHref(branch)
  const commits = spread(hashes, mostCommits).map((hash) => `/commit/${hash}`)
  const olderCount = Math.min(mostHistoryPages, Math.ceil(hashes.length / commitsPerPage) - 1)
  const older = Array.from({ length: olderCount }, (_, index) => `${home}/history?page=${index + 1}`)
  const files = spread(sizeable, mostFiles).map(({ path }) => pathHref({ href: home }, 'blame', path))
  const words = new Set(recent.flatMap(({ subject }) => subject.match(/\p{L}{4,20}/gu) ?? []))
  const searches = spread([...words], mostSearches).map((word) => `${home}/search?q=${encodeURIComponent(word)}`)
  return [home, `${home}/contributors`, `${home}/files`, ...mixed([commits, older, files, searches])]
}

/** Up to so many of a list, evenly from all along it. */
function spread<Item>(list: readonly Item[], most: number): readonly Item[] {
  if (list.length <= most) return list
  return Array.from({ length: most }, (_, index) => list[Math.floor((index * list.length) / most)] as Item)
}

/** Lists dealt into one, each as evenly as its length allows: every kind of page is among the popular ones. */
function mixed(lists: readonly (readonly string[])[]): readonly string[] {
  const placed = lists.flatMap((list) => list.map((item, index) => ({ item, at: (index + 0.5) / list.length })))
  return placed.sort((one, other) => one.at - other.at).map(({ item }) => item)
}
