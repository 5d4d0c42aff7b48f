import { rowIdOf, type RowId } from './row-id.ts'

/** Something that is to be done to a row, and its place in the call. */
export interface Step<Thing> extends RowId {
  readonly thing: Thing
  readonly place: number
}

/** How much goes into one statement. */
export interface BatchLimits {
  readonly rows: number
  /** Of keys, headers and payloads together; what is larger than that by itself goes alone. */
  readonly bytes: number
}

/**
 * Cuts a call into statements. Each names a row at most once: what a call says twice of a key is said by two statements,
 * one after the other. And each names its rows in the order of their ids, so that no two of them can wait for each other.
 */
export function batchesOf<Thing extends { readonly key: string }>(
  things: readonly Thing[],
  limits: BatchLimits,
): readonly (readonly Step<Thing>[])[] {
  const steps = things.map((thing, place) => stepOf(thing, place))
  if (steps.length === 1) return [steps]
  return roundsOf(steps).flatMap((round) => slices(round.sort(byName), limits))
}

/** The ids of a batch. */
export function idsOf(steps: readonly { readonly id: Uint8Array }[]): readonly Uint8Array[] {
  return steps.map(({ id }) => id)
}

function stepOf<Thing extends { readonly key: string }>(thing: Thing, place: number): Step<Thing> {
  const { id, rest, name } = rowIdOf(thing.key)
  return { id, rest, name, thing, place }
}

/** In the first round whatever comes first of its key, in the second what comes second, and so on. */
function roundsOf<Thing>(steps: readonly Step<Thing>[]): Step<Thing>[][] {
  const rounds: Step<Thing>[][] = []
  const seen = new Map<string, number>()
  for (const step of steps) {
    const round = seen.get(step.name) ?? 0
    seen.set(step.name, round + 1)
    ;(rounds[round] ??= []).push(step)
  }
  return rounds
}

function byName(one: RowId, other: RowId): number {
  return one.name < other.name ? -1 : 1
}

function slices<Thing>(
  steps: readonly Step<Thing>[],
  { rows, bytes }: BatchLimits,
): readonly (readonly Step<Thing>[])[] {
  const all: (readonly Step<Thing>[])[] = []
  let start = 0
  let size = 0
  for (const [index, step] of steps.entries()) {
    const more = bytesOf(step)
    if (index > start && (index - start === rows || size + more > bytes)) {
      all.push(steps.slice(start, index))
      start = index
      size = 0
    }
    size += more
  }
  if (start < steps.length) all.push(steps.slice(start))
  return all
}

/** What a step takes of a statement, roughly. */
export function bytesOf<Thing>({ id, rest, thing }: Step<Thing>): number {
  const { header, payload } = thing as { readonly header?: Uint8Array; readonly payload?: Uint8Array }
  return id.length + (rest?.length ?? 0) + (header?.length ?? 0) + (payload?.length ?? 0)
}
