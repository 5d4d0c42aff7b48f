import type { RequestBatches } from './request-batches.ts'
import type { TraceReading } from './trace.ts'

/** Turns the bytes of a trace into requests. */
export interface Decoder {
  push(bytes: Uint8Array): void
  /** There are no more bytes. */
  end(): void
}

/** What a decoder is made with. */
export interface Decoding extends TraceReading {
  readonly requests: RequestBatches
  /** The column of a CSV that has the key: its name, or its number, the first being 1. */
  readonly column?: string | number
}
