import { readFileSync } from 'node:fs'
import { CacheError } from '../kernel/errors.ts'
import { schemaCommand } from './schema-command.ts'
import { simulateCommand } from './simulate-command.ts'
import type { Terminal } from './terminal.ts'

/** A command: gets what stands behind its name. @throws CacheError if it can't be done */
type Command = (parameters: readonly string[], terminal: Terminal) => Promise<void> | void

const commands: Readonly<Record<string, Command>> = {
  schema: schemaCommand,
  simulate: simulateCommand,
}

const help = `tiercel: tools for caches

  tiercel schema DIALECT    what a storage needs in a database, to be made by hand
  tiercel simulate TRACE…   hit ratios of eviction policies on a trace of requests
  tiercel --version
  tiercel COMMAND --help    what a command can do
`

/** Runs a command. @returns the exit code: 0 done; 1 it could not be done; 2 it makes no sense */
export async function run([name, ...parameters]: readonly string[], terminal: Terminal): Promise<number> {
  if (name === '--version') return say(terminal.out, `${versionOfPackage()}\n`, 0)
  if (name === '--help' || name === '-h' || name === 'help') return say(terminal.out, help, 0)
  if (name === undefined) return say(terminal.err, help, 2)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) return say(terminal.err, `tiercel: there is no command ${name}; see tiercel --help\n`, 2)
  try {
    await command(parameters, terminal)
    return 0
  } catch (error) {
    if (!(error instanceof CacheError)) throw error
    return say(terminal.err, `tiercel ${name}: ${error.message}\n`, error.code === 'INVALID_OPTION' ? 2 : 1)
  }
}

function say(write: (text: string) => void, text: string, exitCode: number): number {
  write(text)
  return exitCode
}

function versionOfPackage(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
