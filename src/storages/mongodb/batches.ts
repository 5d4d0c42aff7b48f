// So many that a round trip costs little, and so few that a slow server answers each within its time limit.
const mostThings = 1_000
const mostBytes = 8 << 20

/** Cuts a list where a command would get too long. */
export function batches<Thing>(
  things: readonly Thing[],
  bytesOf: (thing: Thing) => number = () => 0,
): readonly (readonly Thing[])[] {
  const cut: Thing[][] = []
  let batch: Thing[] = []
  let bytes = 0
  for (const thing of things) {
    const more = bytesOf(thing)
    if (batch.length === 0 || batch.length === mostThings || bytes + more > mostBytes) {
      cut.push((batch = []))
      bytes = 0
    }
    batch.push(thing)
    bytes += more
  }
  return cut
}
