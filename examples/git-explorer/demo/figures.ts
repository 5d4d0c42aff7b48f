/** The value that so many of the list are below, `undefined` of an empty one: the nearest rank, nothing in between. */
export function percentile(list: readonly number[], share: number): number | undefined {
  const sorted = [...list].sort((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}

/** As a person reads it: `0.42 ms`, `38.1 ms`, `412 ms`, `1.73 s`. */
export function inMilliseconds(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : milliseconds < 100 ? 1 : 0)} ms`
}
