import type { Decoder, Decoding } from './decoder.ts'
import { LineDecoder } from './line-decoder.ts'

/** The traces of the authors of LIRS: the number of a block in every line; a star where another program begins. */
export function lirs(decoding: Decoding): Decoder {
  const { keys, notes, requests } = decoding
  return new LineDecoder(decoding, (line, number) => {
    const text = line.trim()
    if (text === '*' || text === '') notes.skipped()
    else if (/^\d+$/.test(text)) requests.add(keys.ofText(text))
    else notes.broken(number, 'the number of a block, or a star', line)
  })
}
