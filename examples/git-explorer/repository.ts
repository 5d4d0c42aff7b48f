import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type {
  BlameHunk,
  Branch,
  CommitDetails,
  Contributor,
  FileEntry,
  HistoryLine,
  HistoryPage,
  PathAt,
  Search,
} from './answers.ts'
import { Git, GitError } from './git.ts'
import { readBlame, readChanges, readFiles, readHistory, readPeople, readRefs } from './output.ts'

export const commitsPerPage = 50
const mostResults = 50
const mostBlamedLines = 2_000

type Facts = Pick<Repository, 'name' | 'directory' | 'identity' | 'currentBranch' | 'isShallow'>

/** A git repository, read only: every question costs a process or two, and time that grows with the history. */
export class Repository {
  readonly name: string
  readonly directory: string
  /** Tells it from every other repository on this machine. */
  readonly identity: string
  /** The branch that is checked out; `HEAD` if none is. */
  readonly currentBranch: string
  readonly isShallow: boolean
  readonly #git: Git

  private constructor(git: Git, facts: Facts) {
    this.#git = git
    this.name = facts.name
    this.directory = facts.directory
    this.identity = facts.identity
    this.currentBranch = facts.currentBranch
    this.isShallow = facts.isShallow
  }

  /**
   * Opens the repository that a path is in.
   * @throws Error with one clear line: no such directory, no repository, no commits, no git
   */
  static async open(path: string): Promise<Repository> {
    const isDirectory = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    )
    if (!isDirectory) throw new Error(`${path} is not a directory`)
    const here = new Git(resolve(path))
    const gitDirectory = (await here.run(['rev-parse', '--absolute-git-dir']).catch(complain)).trim()
    // A bare repository has no other directory. In one that isn't, git takes paths from where it was started.
    const directory = (await here.run(['rev-parse', '--show-toplevel']).catch(() => gitDirectory)).trim()

    const git = new Git(directory)
    const heads = await readHeads(git)
    const [first] = heads.keys()
    if (first === undefined) throw new Error(`${path} has no commits yet`)
    const checkedOut = (await git.run(['symbolic-ref', '--quiet', '--short', 'HEAD']).catch(() => 'HEAD')).trim()
    const shallow = (await git.run(['rev-parse', '--git-path', 'shallow'])).trim()
    const boundary = await readFile(resolve(directory, shallow), 'utf8').catch(() => '')
    return new Repository(git, {
      name: basename(directory.replace(/[/\\]\.git$/, ''), '.git'),
      directory,
      // Deepening a shallow clone changes what lies behind its commits: it is another repository then.
      identity: createHash('sha256').update(`${gitDirectory}\n${boundary}`).digest('hex').slice(0, 16),
      currentBranch: heads.has(checkedOut) ? checkedOut : first,
      isShallow: boundary !== '',
    })

    function complain(error: unknown): never {
      throw error instanceof GitError && error.exitCode !== undefined ? new Error(`${path}: ${error.message}`) : error
    }
  }

  /** How many processes it took so far. */
  get processCount(): number {
    return this.#git.processCount
  }

  /** Where `HEAD` and the branches are. */
  heads(signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    return readHeads(this.#git, signal)
  }

  /** A branch by its exact name, or `HEAD`. */
  async branch(name: string, signal?: AbortSignal): Promise<Branch> {
    const ref = name === 'HEAD' ? name : `refs/heads/${name}`
    const tip = (await this.#git.run(['show-ref', '--verify', '--hash', '--', ref], signal)).trim()
    const count = await this.#git.run(['rev-list', '--count', tip, '--'], signal)
    return { name, tip, commitCount: Number(count) }
  }

  /** The newest first. */
  async history({ commit, page }: HistoryPage, signal?: AbortSignal): Promise<readonly HistoryLine[]> {
    const range = [`--max-count=${commitsPerPage}`, `--skip=${page * commitsPerPage}`]
    return readHistory(await this.#log(['--shortstat', ...range, refuseOption(commit), '--'], signal))
  }

  async commit(hash: string, signal?: AbortSignal): Promise<CommitDetails> {
    const shape = ['-z', '--encoding=UTF-8', '--format=%H%n%P%n%at%n%aN%n%B%x00']
    const diff = ['-m', '--first-parent', '--numstat', '--no-renames', '--no-ext-diff', '--no-textconv']
    return readChanges(await this.#git.run(['log', '-1', ...shape, ...diff, refuseOption(hash), '--'], signal))
  }

  /** Everybody who contributed to what led to a commit, the busiest first. */
  async contributors(commit: string, signal?: AbortSignal): Promise<readonly Contributor[]> {
    const shape = ['--encoding=UTF-8', '--format=%at %aN']
    return readPeople(await this.#git.run(['log', ...shape, refuseOption(commit), '--'], signal))
  }

  /** What a directory contained at a commit; `''` is the root. */
  async files({ commit, path }: PathAt, signal?: AbortSignal): Promise<readonly FileEntry[]> {
    const within = path === '' ? [] : [`${path}/`]
    const found = readFiles(await this.#git.run(['ls-tree', '-z', '-l', refuseOption(commit), '--', ...within], signal))
    if (found.length === 0 && path !== '') throw new GitError(`there is no directory ${path} in ${commit}`, 128)
    return found
  }

  /** Who wrote the lines of a file, as it was at a commit: the first 2,000 of them. Empty for a binary file. */
  async blame({ commit, path }: PathAt, signal?: AbortSignal): Promise<readonly BlameHunk[]> {
    const size = await this.#git.run(['cat-file', '-s', `${refuseOption(commit)}:${path}`], signal)
    if (Number(size) === 0) return []
    const range = ['-L', `1,${mostBlamedLines}`]
    return readBlame(await this.#git.run(['blame', '--porcelain', ...range, commit, '--', path], signal))
  }

  /** The newest commits whose message contains a text, or whose changes add or remove it. */
  async search({ commit, text, within }: Search, signal?: AbortSignal): Promise<readonly HistoryLine[]> {
    const wanted = within === 'messages' ? ['--fixed-strings', '--regexp-ignore-case', `--grep=${text}`] : [`-S${text}`]
    return readHistory(await this.#log([`--max-count=${mostResults}`, ...wanted, refuseOption(commit), '--'], signal))
  }

  /** The hashes of what led to a commit, the newest first. */
  async ancestors(commit: string, atMost: number, signal?: AbortSignal): Promise<readonly string[]> {
    const output = await this.#git.run(['rev-list', `--max-count=${atMost}`, refuseOption(commit), '--'], signal)
    return output.trimEnd().split('\n')
  }

  /** Every file at a commit, in all directories. */
  async allFiles(commit: string, signal?: AbortSignal): Promise<readonly FileEntry[]> {
    return readFiles(await this.#git.run(['ls-tree', '-r', '-z', '-l', refuseOption(commit), '--'], signal))
  }

  #log(parameters: readonly string[], signal?: AbortSignal): Promise<string> {
    const shape = ['--encoding=UTF-8', '--format=%x00%H%n%at%n%aN%n%s', '--no-ext-diff', '--no-textconv']
    return this.#git.run(['log', ...shape, ...parameters], signal)
  }
}

async function readHeads(git: Git, signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const output = await git.run(['show-ref', '--head', '--heads'], signal).catch((error: unknown) => {
    // That is how git says that there are none.
    if (error instanceof GitError && error.exitCode === 1) return ''
    throw error
  })
  return readRefs(output)
}

/** A hash in full: nothing that git could take for an option, or for a name that means something else tomorrow. */
function refuseOption(commit: string): string {
  if (/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(commit)) return commit
  throw new GitError(`${commit} is not the full hash of a commit`, 128)
}
