/** Something to time: runs so many operations. */
export interface Contestant {
  readonly name: string
  /** Called before each round, while the clock stands. */
  prepare?(operations: number): Promise<void>
  run(operations: number): Promise<void> | void
}

/** Nanoseconds per operation of each contestant: medians of interleaved rounds, so that noise hits all alike. */
export async function medians(
  contestants: readonly Contestant[],
  options: { readonly rounds: number; readonly operations: number },
): Promise<Map<string, number>> {
  const samples = new Map<string, number[]>(contestants.map(({ name }) => [name, []]))
  for (const contestant of contestants) {
    await contestant.prepare?.(options.operations)
    await contestant.run(options.operations)
  }
  for (let round = 0; round < options.rounds; round++) {
    // Each round begins with another one: whoever comes first may pay for the garbage of the last.
    const order = contestants.map((_, index) => contestants[(index + round) % contestants.length] as Contestant)
    for (const contestant of order) {
      await contestant.prepare?.(options.operations)
      const from = process.hrtime.bigint()
      await contestant.run(options.operations)
      samples.get(contestant.name)?.push(Number(process.hrtime.bigint() - from) / options.operations)
    }
  }
  return new Map([...samples].map(([name, times]) => [name, median(times)]))
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
