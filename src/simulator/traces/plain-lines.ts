import type { Decoder, Decoding } from './decoder.ts'
import { LineDecoder } from './line-decoder.ts'

/** Every line is a key. */
export function plainLines(decoding: Decoding): Decoder {
  const { keys, requests } = decoding
  return new LineDecoder(decoding, (line) => requests.add(keys.ofText(line)))
}
