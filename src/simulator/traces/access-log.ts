import type { Decoder, Decoding } from './decoder.ts'
import { LineDecoder } from './line-decoder.ts'

/**
 * The log of a web server in the common log format, or the combined one: what was asked for is the key, with its query.
 * Only what a cache could have answered counts, `GET` and `HEAD`.
 */
export function accessLog(decoding: Decoding): Decoder {
  const { keys, notes, requests } = decoding
  return new LineDecoder(decoding, (line, number) => {
    const [, method, target] = accessLogLine.exec(line) ?? []
    if (method === undefined || target === undefined) {
      return notes.broken(number, 'host - - [time] "GET /path HTTP/1.1" 200 1234', line)
    }
    if (method === 'GET' || method === 'HEAD') requests.add(keys.ofText(target))
    else notes.skipped()
  })
}

export const accessLogLine: RegExp = /^\S+ \S+ .*?\[[^\]]+\] "([A-Z]+) (\S+)(?: [^"]*)?" \d{3} (?:\d+|-)(?: |$)/
