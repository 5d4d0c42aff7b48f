import type { Decoder, Decoding } from './decoder.ts'
import { RecordDecoder } from './record-decoder.ts'

/** Keys as 32-bit numbers, little-endian, and nothing else. */
export function u32(decoding: Decoding): Decoder {
  const { keys, requests } = decoding
  return new RecordDecoder(decoding, 4, (records, offset) => {
    requests.add(keys.ofWords(records.getUint32(offset, true), 0))
  })
}
