import type { SimulatedPolicy } from './simulated-policies.ts'
import type { BrokenLine } from './traces/trace-notes.ts'

/** What came out of the simulation of one trace. */
export interface SimulationResult {
  readonly trace: string
  readonly requests: number
  /** How many different keys were asked for. */
  readonly keys: number
  /** Lines or records that could not be read and were left out. */
  readonly brokenCount: number
  /** The first few of them. */
  readonly broken: readonly BrokenLine[]
  /** What is no request by its nature: marks, posts, objects without a size. */
  readonly skippedCount: number
  /** One for every policy, in the order asked for. */
  readonly curves: readonly Curve[]
}

/** How a policy did, by size. */
export interface Curve {
  readonly policy: SimulatedPolicy
  /** Smallest first; the same sizes for every curve of a trace. */
  readonly points: readonly CurvePoint[]
}

export interface CurvePoint {
  /** Entries. */
  readonly size: number
  readonly hits: number
  /** From 0 to 1. */
  readonly hitRatio: number
}
