import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { createConnection, createServer } from 'node:net'
import { delimiter, join } from 'node:path'

/** Where a program is, if it can be found: in what Postgres calls its own first, for the versions there belong together. */
export function programAt(name: string): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    ...postgresFolders(),
  ]
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

function postgresFolders(): readonly string[] {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return []
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
  return versions.map((version) => join(root, version, 'bin'))
}

/** A process that can be stopped, continued and ended, with all that came of it. */
export interface Running {
  signal(signal: NodeJS.Signals): void
  /** Ends it, and waits until it is gone. */
  end(): Promise<void>
}

/** A process of ours, whose end is never in doubt: the kernel ends it if we go first. */
export class OwnProcess implements Running {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #output = ''

  constructor(
    program: string,
    args: readonly string[],
    options: { readonly user?: string; readonly cwd?: string } = {},
  ) {
    const dressed = dress(program, args, options.user)
    this.#child = spawn(dressed.program, dressed.args, {
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#ended = once(this.#child, 'exit')
    this.#ended.catch(() => {})
    this.#child.on('error', (error) => (this.#output += String(error)))
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-4_000)))
      stream?.on('error', () => {})
    }
    ours.add(this)
    this.#child.unref()
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined
  }

  /** The last it said. */
  get output(): string {
    return this.#output
  }

  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid !== undefined && !this.hasEnded) signalTree(pid, signal)
  }

  async end(): Promise<void> {
    this.signal('SIGKILL')
    await this.#untilEnded()
    ours.delete(this)
  }

  /** Waits for its end. @returns its exit code */
  async finish(): Promise<number | null> {
    await this.#untilEnded()
    ours.delete(this)
    return this.#child.exitCode
  }

  // Only then is the process kept alive for it.
  async #untilEnded(): Promise<void> {
    if (this.hasEnded) return
    this.#child.ref()
    await this.#ended
  }
}

/** A process that something we started has left behind for us. */
export function adopt(pid: number): Running {
  const adopted: Running = {
    signal: (signal) => signalTree(pid, signal),
    async end() {
      ours.delete(adopted)
      signalTree(pid, 'SIGKILL')
      while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 10))
    },
  }
  ours.add(adopted)
  return adopted
}

const ours = new Set<Running>()
process.on('exit', () => {
  for (const one of ours) one.signal('SIGKILL')
})

/** Runs a program to its end. @throws if it fails, with what it said */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly user?: string; readonly cwd?: string } = {},
): Promise<string> {
  const started = new OwnProcess(program, args, options)
  const code = await started.finish()
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${started.output}`)
  return started.output
}

// Postgres refuses to run as root. And whoever is left behind by a test that was killed shall not stay.
function dress(
  program: string,
  args: readonly string[],
  user: string | undefined,
): { program: string; args: string[] } {
  const setpriv = process.platform === 'linux' ? programAt('setpriv') : undefined
  if (setpriv === undefined) return { program, args: [...args] }
  const asUser = user === undefined || !isRoot() ? [] : [`--reuid=${user}`, `--regid=${user}`, '--clear-groups']
  return { program: setpriv, args: [...asUser, '--pdeathsig=KILL', program, ...args] }
}

export function isRoot(): boolean {
  return process.getuid?.() === 0
}

function signalTree(root: number, signal: NodeJS.Signals): void {
  for (const pid of [root, ...descendantsOf(root)]) {
    try {
      process.kill(pid, signal)
    } catch {
      // Gone already.
    }
  }
}

function descendantsOf(pid: number): readonly number[] {
  if (!existsSync('/proc/self/stat')) return []
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const child = Number(name)
    if (!Number.isInteger(child)) continue
    const parent = parentOf(child)
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), child])
  }
  const found: number[] = []
  const queue = [pid]
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const below = children.get(next) ?? []
    found.push(...below)
    queue.push(...below)
  }
  return found
}

function parentOf(pid: number): number | undefined {
  try {
    // The name in parentheses may hold anything.
    const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return Number(parent)
  } catch {
    return undefined
  }
}

/** A port nobody listens on. Below the range that the system hands out, and low enough for a cluster's second one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if ((await isFree(port)) && (await isFree(port + 10_000)) && (await isFree(port + 1))) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

/** Waits until a port takes connections. @throws if the process ends before, or it takes too long */
export async function whenListening(port: number, owner: OwnProcess, limit = 30_000): Promise<void> {
  await until(`port ${port} takes connections`, () => canConnect(port), owner, limit)
}

/** Waits until something holds. @throws if the process ends before, or it takes too long */
export async function until(
  what: string,
  holds: () => Promise<boolean>,
  owner: OwnProcess,
  limit = 30_000,
): Promise<void> {
  const began = performance.now()
  while (!(await holds())) {
    if (owner.hasEnded) throw new Error(`the server ended before ${what}: ${owner.output}`)
    if (performance.now() - began > limit) throw new Error(`not within ${limit} ms: ${what}: ${owner.output}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.setTimeout(1_000, () => socket.destroy())
    socket.once('connect', () => {
      resolve(true)
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
