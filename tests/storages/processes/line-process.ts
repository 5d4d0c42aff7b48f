import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A program of this folder, running in a process of its own, that says things line by line. */
export interface LineProcess {
  /** What it has said so far. */
  readonly lines: readonly string[]
  /** Waits until it has said so many lines. */
  said(count: number): Promise<void>
  /** Says something to it. */
  tell(line: string): void
  /** Ends it without a word. */
  kill(): Promise<void>
  /** Waits until it ends by itself. @throws Error if it fails */
  ended(): Promise<readonly string[]>
}

/** Starts `<name>.ts` of this folder with the given arguments. */
export function start(name: string, ...parameters: readonly string[]): LineProcess {
  const script = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...parameters], { cwd: root })
  const exited = once(child, 'close')
  const lines: string[] = []
  const awaited: { readonly count: number; readonly resolve: () => void }[] = []
  let rest = ''
  let complaints = ''

  const resolveAwaited = (): void => {
    for (const one of awaited) if (lines.length >= one.count) one.resolve()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = `${rest}${text}`.split('\n')
    // What comes after the last line break may be half a line.
    rest = parts.pop() ?? ''
    lines.push(...parts)
    resolveAwaited()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text))

  return {
    lines,
    async said(count) {
      const enough = new Promise<void>((resolve) => awaited.push({ count, resolve }))
      resolveAwaited()
      await Promise.race([enough, exited])
      if (lines.length < count) throw new Error(`${name} ended after ${lines.length} lines: ${complaints}`)
    },
    tell(line) {
      child.stdin.write(`${line}\n`)
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async ended() {
      const [code] = (await exited) as [number | null]
      if (code !== 0) throw new Error(`${name} ended with ${code}: ${complaints}`)
      return lines
    },
  }
}
