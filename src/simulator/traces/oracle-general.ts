import type { Decoder, Decoding } from './decoder.ts'
import { RecordDecoder } from './record-decoder.ts'

/**
 * The binary of libCacheSim, *oracleGeneral*, little-endian: seconds (u32), object (u64), bytes (u32), and the moment of its
 * next request (i64), which we find out ourselves. An object without bytes is no request there, nor here.
 */
export function oracleGeneral(decoding: Decoding): Decoder {
  const { keys, notes, requests } = decoding
  return new RecordDecoder(decoding, oracleRecord, (records, offset) => {
    if (records.getUint32(offset + 12, true) === 0) return notes.skipped()
    requests.add(keys.ofWords(records.getUint32(offset + 4, true), records.getUint32(offset + 8, true)))
  })
}

export const oracleRecord = 24
