import type { KeyNumbers } from './key-numbers.ts'
import { NextUses } from './next-uses.ts'
import type { Trace } from './traces/trace.ts'
import { TraceNotes } from './traces/trace-notes.ts'

/** What a first reading of a trace found out. */
export interface Survey {
  readonly requests: number
  /** Only if somebody wanted to look ahead. */
  readonly next: NextUses | undefined
  /** The trace once more: from memory if it was short enough, or can't be read again; else from where it came. */
  batches(): AsyncIterable<Uint32Array> | Iterable<Uint32Array>
}

interface SurveyOptions {
  readonly trace: Trace
  /** Where the keys of the trace are counted. */
  readonly keys: KeyNumbers
  readonly notes: TraceNotes
  readonly limit: number
  readonly isAhead: boolean
  readonly onBatch: (requests: number) => void
  /** A trace that can be read again is remembered up to so many requests. */
  readonly mostRemembered?: number
}

/** Reads a trace to its end before anything is simulated: its keys must be counted, or its future known. */
export async function survey(options: SurveyOptions): Promise<Survey> {
  const { trace, keys, notes, limit, isAhead, onBatch, mostRemembered = 2 ** 26 } = options
  const next = isAhead ? new NextUses() : undefined
  let remembered: Uint32Array[] | undefined = []
  let requests = 0
  for await (const batch of trace.read({ keys, notes, limit })) {
    next?.add(batch)
    requests += batch.length
    if (trace.isRepeatable && requests > mostRemembered) remembered = undefined
    remembered?.push(batch)
    onBatch(requests)
  }
  next?.finish()
  // What a second reading finds broken has been noted.
  const again = (): AsyncIterable<Uint32Array> => trace.read({ keys, notes: new TraceNotes(trace.name, false), limit })
  return { requests, next, batches: () => remembered ?? again() }
}
