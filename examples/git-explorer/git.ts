import { execFile } from 'node:child_process'

// What the repository or its owner has configured must not change what we read, run programs, or fetch anything.
const settings = ['color.ui=false', 'core.fsmonitor=false', 'core.quotePath=false', 'log.showSignature=false']
const options = ['--no-pager', '--literal-pathspecs', ...settings.flatMap((setting) => ['-c', setting])]

// More than this is not a page any more.
const maxOutput = 64 * 1024 * 1024

/** What git said instead of an answer. */
export class GitError extends Error {
  override readonly name = 'GitError'
  /** 128 means, nearly always, that there is no such thing. `undefined` where git did not run to its end. */
  readonly exitCode: number | undefined

  constructor(message: string, exitCode?: number, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** Runs git in a directory: a process each time, no shell, and an end to its output and its time. */
export class Git {
  readonly #directory: string
  #processCount = 0

  constructor(directory: string) {
    this.#directory = directory
  }

  /** How many processes it took so far. */
  get processCount(): number {
    return this.#processCount
  }

  /**
   * What git prints.
   * @param signal kills the process
   * @throws GitError in git's words; the reason of the signal
   */
  async run(parameters: readonly string[], signal?: AbortSignal): Promise<string> {
    // What no program can be told can't be there either.
    if (parameters.some((parameter) => parameter.includes('\0'))) throw new GitError('a name can not contain NUL', 128)
    this.#processCount++
    return new Promise((resolve, reject) => {
      execFile(
        'git',
        [...options, ...parameters],
        { cwd: this.#directory, env: environment(), maxBuffer: maxOutput, signal, windowsHide: true },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout)
          else reject(signal?.aborted === true ? (signal.reason as Error) : gitError(error, stderr))
        },
      )
    })
  }
}

function gitError(error: Error & { readonly code?: string | number | null }, stderr: string): GitError {
  if (error.code === 'ENOENT')
    return new GitError('git could not be started: is it installed?', undefined, { cause: error })
  if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return new GitError('git had more to say than fits a page')
  const [firstLine = ''] = stderr.split('\n')
  const message = firstLine.replace(/^fatal: /, '') || error.message
  return new GitError(message, typeof error.code === 'number' ? error.code : undefined, { cause: error })
}

// In a hook, say, these would point to another repository than the one we were asked to show.
const misleading = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_OBJECT_DIRECTORY',
  'GIT_COMMON_DIR',
  'GIT_NAMESPACE',
]

function environment(): NodeJS.ProcessEnv {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !misleading.includes(name)))
  return { ...inherited, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', GIT_NO_LAZY_FETCH: '1' }
}
