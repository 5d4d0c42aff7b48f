import { expect, test } from 'vitest'
import { traceOf } from 'tiercel/simulator'
import { KeyNumbers } from '../../src/simulator/key-numbers.ts'
import { survey } from '../../src/simulator/survey.ts'
import { TraceNotes } from '../../src/simulator/traces/trace-notes.ts'
import type { Trace, TraceReading } from '../../src/simulator/traces/trace.ts'
import { sampledKeys } from './sampled.ts'

test.each([
  ['a short trace is remembered', 1_000_000, true, 1],
  ['a long one is read again', 100_000, true, 2],
  ['one that can not be read again is remembered, however long', 100_000, false, 1],
])('%s', async (_what, mostRemembered, isRepeatable, readings) => {
  const trace = new CountingTrace(isRepeatable)
  const first: number[] = []
  const keys = new KeyNumbers()
  const notes = new TraceNotes('counting', false)
  const onBatch = (requests: number): unknown => first.push(requests)
  const surveyed = await survey({ trace, keys, notes, limit: Infinity, isAhead: true, onBatch, mostRemembered })
  const batches: Uint32Array[] = []
  for await (const batch of surveyed.batches()) batches.push(batch)
  expect(trace.readings).toBe(readings)
  expect(first.at(-1)).toBe(200_000)
  // Numbers are given by order of first sight, so a second reading finds the same.
  const seen = new Map<number, number>()
  const expected = sampled.map((key) => seen.get(key) ?? (seen.set(key, seen.size), seen.size - 1))
  expect(batches.flatMap((batch) => [...batch])).toEqual(expected)
  expect(surveyed.next?.requests).toBe(200_000)
})

const sampled = sampledKeys(200_000, 1000)

class CountingTrace implements Trace {
  readonly name = 'counting'
  readonly isRepeatable: boolean
  readings = 0

  constructor(isRepeatable: boolean) {
    this.isRepeatable = isRepeatable
  }

  read(reading: TraceReading): AsyncIterable<Uint32Array> {
    this.readings++
    return traceOf(sampled).read(reading)
  }
}
