import type { Decoder, Decoding } from './decoder.ts'
import { LineDecoder } from './line-decoder.ts'

/**
 * The traces of the authors of ARC: in every line the number of a block, how many blocks are read from there on, and two numbers
 * that don't matter here. Every block is a request.
 */
export function arc(decoding: Decoding): Decoder {
  const { keys, notes, requests } = decoding
  return new LineDecoder(decoding, (line, number) => {
    const [, start, count] = /^\s*(\d{1,15})\s+(\d{1,7})(?:\s+\d+){0,2}\s*$/.exec(line) ?? []
    const blocks = Number(count ?? 0)
    if (start === undefined || blocks === 0 || blocks > mostBlocks) {
      return notes.broken(number, 'a block and how many are read from there on, like 417280 8 0 12', line)
    }
    const first = Number(start)
    for (let block = first; block < first + blocks && !requests.isComplete; block++) {
      requests.add(keys.ofWords(block, block / 2 ** 32))
    }
  })
}

// More than any disk is asked for at once: a line that went wrong, which must not become a million requests.
const mostBlocks = 2 ** 20
