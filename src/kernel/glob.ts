/**
 * A pattern of text, compiled: `*` is any run of characters, `?` any one, `[a-z]` and `[^a-z]` one of a set or none of
 * it, and a backslash takes what follows literally. Everything else is itself. The whole text must match.
 */
export interface Glob {
  /** What every match begins with. */
  readonly literal: string
  /** Whether everything matches that begins with that. */
  readonly isOpen: boolean
  readonly matches: (text: string) => boolean
  /** Whether some text that begins with `head` matches. */
  readonly allows: (head: string) => boolean
}

/*
 * Every place in the pattern that the text read so far can have led to is followed at once, so that no pattern takes
 * longer than its length times that of the text.
 */

type Step = ((character: string) => boolean) | typeof anyRun

const anyRun = Symbol('*')

/** Compiles a pattern. A bracket that is never closed is itself. */
export function glob(pattern: string): Glob {
  const { steps, literal } = compile(Array.from(pattern))
  return {
    literal,
    isOpen: steps.length === Array.from(literal).length + 1 && steps.at(-1) === anyRun,
    matches: (text) => placesAfter(steps, text).has(steps.length),
    allows: (head) => placesAfter(steps, head).size > 0,
  }
}

function placesAfter(steps: readonly Step[], text: string): ReadonlySet<number> {
  let places = reached(steps, [0])
  for (const character of text) {
    if (places.size === 0) break
    const next: number[] = []
    for (const place of places) {
      const step = steps[place]
      if (step === anyRun) next.push(place)
      else if (step?.(character) === true) next.push(place + 1)
    }
    places = reached(steps, next)
  }
  return places
}

// A run may also be empty: what follows it is reached together with it.
function reached(steps: readonly Step[], places: readonly number[]): Set<number> {
  const all = new Set<number>()
  for (let place of places) {
    all.add(place)
    while (steps[place] === anyRun) all.add(++place)
  }
  return all
}

function compile(characters: readonly string[]): { readonly steps: readonly Step[]; readonly literal: string } {
  const steps: Step[] = []
  let literal: string | undefined
  let read = ''
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index] as string
    const set = character === '[' ? characterSet(characters, index) : undefined
    if (character === '*' || character === '?' || set !== undefined) literal ??= read
    if (character === '*') steps.push(anyRun)
    else if (character === '?') steps.push(() => true)
    else if (set !== undefined) {
      steps.push(set.contains)
      index = set.end
    } else {
      const escaped = character === '\\' ? characters[index + 1] : undefined
      if (escaped !== undefined) index++
      const own = escaped ?? character
      read += own
      steps.push((other) => other === own)
    }
  }
  return { steps, literal: literal ?? read }
}

function characterSet(
  characters: readonly string[],
  start: number,
): { readonly end: number; readonly contains: (character: string) => boolean } | undefined {
  const negated = characters[start + 1] === '^' || characters[start + 1] === '!'
  const first = negated ? start + 2 : start + 1
  // A bracket that comes first in its set is one of it.
  const end = characters.indexOf(']', first + 1)
  if (end === -1) return undefined
  const ranges: (readonly [from: string, to: string])[] = []
  for (let index = first; index < end; index++) {
    const from = characters[index] as string
    const to = characters[index + 1] === '-' && index + 2 < end ? characters[index + 2] : undefined
    ranges.push([from, to ?? from])
    if (to !== undefined) index += 2
  }
  const contains = (character: string): boolean => ranges.some(([from, to]) => from <= character && character <= to)
  return { end, contains: (character) => contains(character) !== negated }
}
