import { writeSync } from 'node:fs'

/** Says a line to whoever started this process, before anything else happens to it. */
export function say(line: string): void {
  writeSync(1, `${line}\n`)
}
