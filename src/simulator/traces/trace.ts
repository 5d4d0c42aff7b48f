import type { KeyNumbers } from '../key-numbers.ts'
import type { TraceNotes } from './trace-notes.ts'

/** Who asked for what, in order. Made by {@link traceFile}, {@link traceOf} and {@link zipfTrace}. */
export interface Trace {
  readonly name: string
  /** Whether it can be read a second time, and is the same then. */
  readonly isRepeatable: boolean
  /** The numbers of the keys asked for, in batches of some ten thousand. Nobody changes a batch once it is out. */
  read(reading: TraceReading): AsyncIterable<Uint32Array>
}

/** What a trace is read with. */
export interface TraceReading {
  /** Where keys get their numbers. */
  readonly keys: KeyNumbers
  /** Where it is noted what could not be read. */
  readonly notes: TraceNotes
  /** Read no more than so many requests. */
  readonly limit: number
}
