import type { WireKey } from './wire-key.ts'

/** One command of the meta protocol. */
export interface MetaCommand {
  /** The line, without the opaque number. */
  readonly line: string
  /** What follows the line, in pieces. */
  readonly value?: readonly Uint8Array[]
  /** Whether the server says nothing where there is nothing. */
  readonly isQuiet: boolean
}

/** Reads an item. @param flags what to answer: `v` value, `f` client flags, `c` cas, `t` seconds left */
export function metaGet(key: WireKey, flags: string): MetaCommand {
  return { line: `mg ${key.token} ${key.encoding}${flags}`, isQuiet: true }
}

/** Writes an item. @param flags `T` seconds to live, `F` client flags, `C` the cas that must still be there, `ME` only if nothing is */
export function metaSet(key: WireKey, value: readonly Uint8Array[], flags: string): MetaCommand {
  return { line: `ms ${key.token} ${lengthOf(value)} ${key.encoding}${flags}`, value, isQuiet: false }
}

/** Deletes an item. @param flags `C` the cas that must still be there */
export function metaDelete(key: WireKey, flags: string): MetaCommand {
  return { line: `md ${key.token} ${key.encoding}${flags}`, isQuiet: false }
}

/** Bytes on the way to the server, about: for cutting long lists into batches. */
export function sizeOf({ line, value }: MetaCommand): number {
  return line.length + lengthOf(value ?? [])
}

/**
 * A batch as bytes. Each command carries its number, which the server says again in its answer (`O`), and the no-op at
 * the end tells that all has been answered, if only by silence.
 */
export function encodeBatch(commands: readonly MetaCommand[]): string | Buffer {
  if (commands.every(({ value }) => value === undefined)) return `${commands.map(lineOf).join('')}mn\r\n`
  const pieces = commands.flatMap((command, index) => {
    const line = Buffer.from(lineOf(command, index), 'latin1')
    return command.value === undefined ? [line] : [line, ...command.value, lineBreak]
  })
  return Buffer.concat([...pieces, noOp])
}

const lineBreak = Buffer.from('\r\n')
const noOp = Buffer.from('mn\r\n')

function lineOf({ line, isQuiet }: MetaCommand, index: number): string {
  return isQuiet ? `${line} O${index} q\r\n` : `${line} O${index}\r\n`
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0)
}
