import { createCache, memory } from 'tiercel'
import { sqlite } from 'tiercel/sqlite'
import type { HistoryPage, PathAt, Search } from './answers.ts'
import { traced } from './origin.ts'
import type { Repository } from './repository.ts'

/** Two tiers: a small memory, and a file that the next start finds. */
export function openCache(repository: Repository, file: string, enabled = true) {
  return createCache({
    // Two repositories never share an entry, though they may share the file.
    prefix: `git-explorer-${repository.identity}`,
    storages: { memory: memory({ maxEntries: 128 }), sqlite: sqlite({ path: file }) },
    tiers: [{ storage: 'memory', ttl: null }, { storage: 'sqlite' }],
    ttl: null,
    limits: { concurrency: 4, hard: '1m' },
    serializer: traced,
    enabled,
  })
}

/** What the pages are made of. Each node is a question to git. */
export function defineNodes(cache: ExplorerCache, repository: Repository) {
  return {
    // The one thing here that changes: heads.ts invalidates it when the branch moves.
    branch: cache.node({
      name: 'branch',
      key: (name: string) => name,
      load: (name, { signal }) => repository.branch(name, signal),
    }),

    // A commit is what it is, and so is all that led to it: for ever.
    commit: cache.node({
      name: 'commit',
      load: (hash: string, { signal }) => repository.commit(hash, signal),
    }),
    history: cache.node({
      name: 'history',
      load: (page: HistoryPage, { signal }) => repository.history(page, signal),
    }),
    contributors: cache.node({
      name: 'contributors',
      load: (commit: string, { signal }) => repository.contributors(commit, signal),
    }),
    files: cache.node({
      name: 'files',
      load: (directory: PathAt, { signal }) => repository.files(directory, signal),
    }),
    blame: cache.node({
      name: 'blame',
      load: (file: PathAt, { signal }) => repository.blame(file, signal),
    }),

    // True for ever as well; but people search for anything, and seldom for it again.
    search: cache.node({
      name: 'search',
      load: (search: Search, { signal }) => repository.search(search, signal),
      ttl: '30d',
    }),
  }
}

export type ExplorerCache = ReturnType<typeof openCache>

/** Everything that is cached. */
export type Nodes = ReturnType<typeof defineNodes>
