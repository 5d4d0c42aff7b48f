import { CacheError, invalidOption } from '../../kernel/errors.ts'
import type { Decoder, Decoding } from './decoder.ts'
import { LineDecoder } from './line-decoder.ts'

/**
 * One column of a CSV is the key. Fields are parted by a comma, a semicolon or a tab, whichever is in the first line, and may
 * be quoted; a line is a record. The column is given by its name in the first line, or by its number, and then
 * the first line is a record like the others. Without it, a column is taken that is called as keys usually are.
 *
 * @throws CacheError `INVALID_OPTION` for a column that isn't there
 */
export function csv(decoding: Decoding): Decoder {
  const { keys, notes, requests, column } = decoding
  let separator = ','
  let width = 0
  let at = -1
  return new LineDecoder(decoding, (line, number) => {
    if (at === -1) {
      separator = separatorOf(line) ?? ','
      const header = fieldsOf(line, separator) ?? []
      width = header.length
      at = placeOf(column, header, notes.trace)
      if (typeof column !== 'number') return
    }
    const fields = fieldsOf(line, separator)
    const key = fields?.length === width ? fields[at] : undefined
    if (key === undefined || key === '') notes.broken(number, `${width} fields, with a key in field ${at + 1}`, line)
    else requests.add(keys.ofText(key))
  })
}

/** What parts the fields of a line, if there are several. */
export function separatorOf(line: string): string | undefined {
  return ['\t', ';', ','].find((separator) => line.includes(separator))
}

/** The fields of a record; `undefined` when a quote isn't closed. */
export function fieldsOf(line: string, separator: string): readonly string[] | undefined {
  if (!line.includes('"')) return line.split(separator)
  const fields: string[] = []
  let start = 0
  while (start <= line.length) {
    const isQuoted = line[start] === '"'
    const end = isQuoted ? endOfQuotes(line, start) : line.indexOf(separator, start)
    if (isQuoted && (end === -1 || (end < line.length && line[end] !== separator))) return undefined
    const field = line.slice(start, end === -1 ? line.length : end)
    fields.push(isQuoted ? field.slice(1, -1).replaceAll('""', '"') : field)
    if (end === -1) break
    start = end + 1
  }
  return fields
}

// The place behind the closing quote, or -1. Two quotes are one that belongs to the field.
function endOfQuotes(line: string, start: number): number {
  for (let at = line.indexOf('"', start + 1); at !== -1; at = line.indexOf('"', at + 2)) {
    if (line[at + 1] !== '"') return at + 1
  }
  return -1
}

function placeOf(column: string | number | undefined, header: readonly string[], trace: string): number {
  if (typeof column === 'number') {
    if (Number.isInteger(column) && column >= 1 && column <= header.length) return column - 1
    throw invalidOption(`${trace}: column`, `a number from 1 to ${header.length}, or a name in the first line`, column)
  }
  const names = header.map((name) => Buffer.from(name.trim(), 'latin1').toString())
  const at = column === undefined ? guessPlace(names) : names.indexOf(column)
  if (at !== -1) return at
  const which =
    column === undefined
      ? 'which column has the key, or is every line one (format lines)?'
      : `there is no column ${JSON.stringify(column)}.`
  const found = names.slice(0, 20).map((name) => JSON.stringify(name))
  throw new CacheError('INVALID_OPTION', `${trace}: ${which} The first line names ${found.join(', ')}`)
}

function guessPlace(names: readonly string[]): number {
  const lower = names.map((name) => name.toLowerCase())
  const usual = usualNames.find((name) => lower.includes(name))
  if (usual !== undefined) return lower.indexOf(usual)
  return names.length === 1 ? 0 : -1
}

const usualNames = ['key', 'id', 'object_id', 'obj_id', 'object', 'url', 'uri', 'path', 'block', 'lba', 'lbn']
