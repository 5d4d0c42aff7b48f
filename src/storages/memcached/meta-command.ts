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
export function encodeBatch(commands: readonly MetaCommand[]): string | Uint8Array {
  const lines = commands.map(lineOf)
  if (commands.every(({ value }) => value === undefined)) return `${lines.join('')}${noOp}`
  const valueBytes = commands.reduce((sum, { value }) => (value === undefined ? sum : sum + lengthOf(value) + 2), 0)
  // Lines are ASCII, so their lengths are bytes.
  const bytes = Buffer.allocUnsafe(lines.reduce((sum, { length }) => sum + length, noOp.length + valueBytes))
  let at = 0
  for (const [index, { value }] of commands.entries()) {
    at += bytes.write(lines[index] as string, at, 'latin1')
    if (value === undefined) continue
    for (const piece of value) {
      bytes.set(piece, at)
      at += piece.length
    }
    at += bytes.write('\r\n', at, 'latin1')
  }
  bytes.write(noOp, at, 'latin1')
  return bytes
}

const noOp = 'mn\r\n'

function lineOf({ line, isQuiet }: MetaCommand, index: number): string {
  return isQuiet ? `${line} O${index} q\r\n` : `${line} O${index}\r\n`
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}
