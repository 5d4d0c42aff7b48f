import { parseArgs } from 'node:util'

/** What was asked for on the command line. */
export interface Options {
  readonly help: boolean
  readonly repo: string
  /** 0: one that is free. */
  readonly port: number
  readonly requests: number
  readonly once: boolean
  readonly fresh: boolean
}

export const help = `Git explorer: a git repository as web pages, cached in memory and SQLite by Tiercel.

It serves the pages, asks itself for a burst of them, and prints what the cache did. Then it stays until Ctrl-C.

  npm run demo -- [options]

  --repo PATH      the repository to show (default: the one in the current directory)
  --port NUMBER    where to listen on 127.0.0.1 (default: a free port)
  --requests N     how many requests the burst makes (default: 5000)
  --once           end after the burst; the exit code is 1 if something shown did not hold
  --fresh          begin with an empty cache, instead of what the last run left in .tiercel/
  --help           this text

Examples

  npm run demo
  npm run demo -- --repo ../linux --once
  npm run demo -- --port 8080 --requests 20000 --fresh
`

/**
 * Reads the command line.
 * @throws Error with one clear line
 */
export function readOptions(parameters: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...parameters],
    strict: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      repo: { type: 'string', default: '.' },
      port: { type: 'string', default: '0' },
      requests: { type: 'string', default: '5000' },
      once: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
    },
  })
  const port = wholeNumber('--port', values.port, 0, 65_535)
  return { ...values, port, requests: wholeNumber('--requests', values.requests, 1, 10_000_000) }
}

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= most) return number
  throw new Error(`${name}: expected a number from ${least} to ${most}, got ${JSON.stringify(text)}`)
}
