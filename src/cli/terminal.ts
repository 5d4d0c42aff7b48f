import { styleText } from 'node:util'

/** What a command talks to. */
export interface Terminal {
  /** Writes to standard output. */
  readonly out: (text: string) => void
  /** Writes to standard error. */
  readonly err: (text: string) => void
  readonly input: AsyncIterable<Uint8Array>
  /** How many characters fit into a line of standard output. */
  readonly columns: number
  /** Whether standard error is a terminal, where a line can be written over. */
  readonly isErrLive: boolean
  /** Colours a text, if standard output shows colours. */
  readonly paint: (colour: Colour, text: string) => string
  /** Milliseconds, from any beginning. */
  readonly now: () => number
}

export type Colour = 'bold' | 'gray' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'redBright' | 'white'

/** The terminal this process was started in. */
export function systemTerminal(): Terminal {
  const { stdout, stderr, stdin, env } = process
  // Whoever reads us may have read enough, as `head` does. There may be files to write yet.
  stdout.on('error', (error: Error & { readonly code?: string }) => {
    if (error.code !== 'EPIPE') throw error
  })
  const isForced = env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '0'
  const isColoured = isForced || (stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb')
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    input: stdin,
    columns: stdout.columns ?? 100,
    isErrLive: stderr.isTTY,
    // Whether there are colours has been decided, and is not for styleText to decide again.
    paint: (colour, text) => (isColoured ? styleText(colour, text, { validateStream: false }) : text),
    now: () => performance.now(),
  }
}
