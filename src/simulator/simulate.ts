import { CacheError, invalidOption } from '../kernel/errors.ts'
import { SimulatedCache } from '../policies/simulated-cache.ts'
import { KeyNumbers } from './key-numbers.ts'
import { Optimum } from './optimum.ts'
import { parsePolicies, type SimulatedPolicy } from './simulated-policies.ts'
import type { SimulationResult } from './simulation-result.ts'
import { defaultSizes, entriesOf, type ParsedSize, parseSize, type Size } from './sizes.ts'
import { survey, type Survey } from './survey.ts'
import type { Trace } from './traces/trace.ts'
import { TraceNotes } from './traces/trace-notes.ts'

export interface SimulateOptions {
  readonly trace: Trace
  /** Without: nine sizes from a thousandth of the keys to half of them. */
  readonly sizes?: readonly Size[]
  /** Without: all of them and the optimum. `opt` takes four bytes of memory a request, the others none. */
  readonly policies?: readonly (SimulatedPolicy | 'all')[]
  /** Stop after so many requests. */
  readonly limit?: number
  /** Refuse a trace with a line that can't be read, instead of leaving that out and counting it. */
  readonly strict?: boolean
  /** 32 bits for whatever is left to chance. The same seed gives the same figures. */
  readonly seed?: number
  /** Called every 65,536 requests or so. */
  readonly onProgress?: (progress: SimulationProgress) => void
}

export interface SimulationProgress {
  readonly trace: string
  /** The first pass counts keys and looks ahead, if anybody must know; the second runs the caches. */
  readonly phase: 'reading' | 'simulating'
  readonly requests: number
  /** How many there will be, when that is known. */
  readonly total?: number
}

/**
 * Replays a trace through caches of several policies and sizes at once, read-through from cold: every request is a
 * `get`, and on a miss a `set`.
 *
 * A trace is read once if all sizes are given in entries and `opt` isn't asked for. Else it is read twice, unless it is short
 * enough to be remembered: up to 67 million requests, four bytes each.
 *
 * @throws CacheError `INVALID_OPTION` for options that make no sense, `UNREADABLE` for a trace that can't be read or is empty
 *
 * @example
 * const { curves } = await simulate({ trace: traceFile('requests.log'), sizes: ['1%', '10%'], policies: ['lru', 'tinylfu'] })
 */
export async function simulate(options: SimulateOptions): Promise<SimulationResult> {
  const { trace, limit = Infinity, strict = false, seed = 1, onProgress } = options
  if (!(limit >= 1)) throw invalidOption('limit', 'a number of requests, 1 or more', limit)
  const sizes = (options.sizes ?? defaultSizes).map(parseSize)
  if (sizes.length === 0) throw invalidOption('sizes', 'at least one', sizes)
  const policies = parsePolicies(options.policies ?? ['all'])
  const say = (phase: SimulationProgress['phase'], requests: number, total?: number): void =>
    onProgress?.({ trace: trace.name, phase, requests, ...(total === undefined ? {} : { total }) })

  const notes = new TraceNotes(trace.name, strict)
  const keys = new KeyNumbers()
  const isAhead = policies.includes('opt')
  const surveyed: Survey | undefined =
    isAhead || sizes.some(({ percent }) => percent !== undefined)
      ? await survey({ trace, keys, notes, limit, isAhead, onBatch: (requests) => say('reading', requests) })
      : undefined
  if (surveyed !== undefined) refuseEmpty(surveyed.requests, notes)

  const caches = createCaches(policies, sizes, keys.size, seed, surveyed)
  const batches = surveyed?.batches() ?? trace.read({ keys, notes, limit })
  let requests = 0
  for await (const batch of batches) {
    for (const cache of caches) cache.replay(batch)
    requests += batch.length
    say('simulating', requests, surveyed?.requests)
  }
  refuseEmpty(requests, notes)
  return { ...describeTrace(trace.name, requests, keys.size, notes), curves: curvesOf(policies, caches, requests) }
}

type Simulated = SimulatedCache | Optimum

function createCaches(
  policies: readonly SimulatedPolicy[],
  sizes: readonly ParsedSize[],
  keys: number,
  seed: number,
  surveyed: Survey | undefined,
): readonly Simulated[] {
  const entries = entriesOf(sizes, keys)
  return policies.flatMap((policy) =>
    entries.map((size) => {
      if (policy !== 'opt') return new SimulatedCache(policy, size, seed)
      if (surveyed?.next === undefined) throw new Error('nobody has looked ahead')
      return new Optimum(size, surveyed.next)
    }),
  )
}

function refuseEmpty(requests: number, notes: TraceNotes): void {
  if (requests > 0) return
  const [first] = notes.examples
  const why = first === undefined ? '' : `; ${notes.brokenCount} could not be read, the first: ${first.why}`
  throw new CacheError('UNREADABLE', `${notes.trace}: no requests in this trace${why}`)
}

function describeTrace(
  trace: string,
  requests: number,
  keys: number,
  notes: TraceNotes,
): Omit<SimulationResult, 'curves'> {
  const { brokenCount, skippedCount, examples } = notes
  return { trace, requests, keys, brokenCount, broken: examples, skippedCount }
}

function curvesOf(
  policies: readonly SimulatedPolicy[],
  caches: readonly Simulated[],
  requests: number,
): SimulationResult['curves'] {
  return policies.map((policy) => ({
    policy,
    points: caches
      .filter((cache) => cache.policy === policy)
      .map(({ size, hits }) => ({ size, hits, hitRatio: hits / requests })),
  }))
}
