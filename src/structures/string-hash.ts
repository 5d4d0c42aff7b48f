/**
 * The hash of a string, without reading all of it.
 *
 * JavaScript gives no access to the hash that V8 keeps with a string, and to compute one costs 2 to 4 ns a character,
 * more than a whole lookup in a `Map` for the keys one sees in practice. But those keys have a shape,
 * `shop:user-info:12345:v1`, and nearly all they can be told apart by stands in a few places. So the places are
 * learned from a sample of the keys that are really there, and four to eight characters and the length are read. This is the idea
 * of B. Hentschel, U. Sirin and S. Idreos, "Entropy-learned hashing" (SIGMOD 2022), taken to a table that can change
 * its mind: whoever uses such a hash must watch for clashes and ask for another one, from {@link learnPlaces} or
 * {@link fullHash}, which reads everything.
 *
 * Both are seeded, so that nobody can know from outside which keys will clash.
 */
export class StringHash {
  readonly #seed: number
  readonly #multiplier: number
  // Strings shorter than this are read whole.
  readonly #least: number
  readonly #places: Int32Array

  /**
   * @param seed any 32 bits
   * @param places where to read: 0, 1, … from the start, -1, -2, … from the end
   * @param least the length from which on all places exist; Infinity to read every string whole
   */
  constructor(seed: number, places: readonly number[] = [], least: number = Infinity) {
    this.#seed = seed
    this.#multiplier = Math.imul(seed, 0x9e3779b1) | 1
    this.#least = least
    this.#places = Int32Array.from(places)
  }

  /** Whether it reads other characters than another one. */
  differsFrom(other: StringHash): boolean {
    return String(this.#places) !== String(other.#places)
  }

  /** How many characters it reads of a string that is long enough. */
  get reads(): number {
    if (this.#least === Infinity) return Infinity
    return this.#places.length
  }

  /** 32 bits. */
  of(key: string): number {
    const length = key.length
    if (length < this.#least) return this.#whole(key)
    const places = this.#places
    let hash = Math.imul(length, 0x9e3779b1) ^ this.#seed
    for (let index = 0; index < places.length; index++) {
      const place = places[index] ?? 0
      hash = ((hash << 7) | (hash >>> 25)) ^ key.charCodeAt(place + (length & (place >> 31)))
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  }

  #whole(key: string): number {
    let hash = this.#seed ^ key.length
    for (let at = 0; at < key.length; at++) {
      hash = Math.imul(((hash << 5) | (hash >>> 27)) ^ key.charCodeAt(at), this.#multiplier)
    }
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
    return hash ^ (hash >>> 16)
  }
}

/** A hash that reads every character. */
export function fullHash(seed: number): StringHash {
  return new StringHash(seed)
}

/** How many places a hash may read, if not all. */
export const placeCounts = [3, 4, 5, 6, 8] as const

/**
 * A hash that reads the places that tell these keys apart best.
 * @param keys some of those that are to be hashed; a hundred are plenty
 * @param count how many places
 */
export function learnPlaces(seed: number, keys: readonly string[], count: (typeof placeCounts)[number]): StringHash {
  const lengths = keys.map((key) => key.length).sort((one, other) => one - other)
  // A few short keys among long ones shall not hide the places of the long ones.
  const usual = Math.max(lengths[lengths.length >> 3] ?? 0, count + 1)
  const long = keys.filter((key) => key.length >= usual)
  if (long.length === 0) return fullHash(seed)
  const places = choosePlaces(long, Math.min(usual, furthest), count)
  return new StringHash(seed, places, Math.max(...places.map((place) => (place < 0 ? -place : place + 1))))
}

// Greedily: each time the place by which the most keys differ that were alike in all places before; where that says
// nothing, because a sample is told apart soon, the nearest to those chosen, as the digits of a number are.
function choosePlaces(keys: readonly string[], reach: number, count: number): readonly number[] {
  const candidates: number[] = []
  for (let at = 0; at < reach; at++) candidates.push(at, -at - 1)
  const nothingRead = new Int32Array(keys.length)
  const varying = candidates
    .map((place) => splitBy(keys, nothingRead, place))
    .filter((alone) => alone.count > 1)
    .sort((one, other) => other.count - one.count)
    .slice(0, mostCandidates)
  const chosen: Split[] = []
  let best: Split = { place: 0, count: 1, groups: nothingRead }
  while (chosen.length < count) {
    const before = best
    const places = chosen.map(({ place }) => place)
    let next: Split | undefined
    for (const alone of varying) {
      // What follows from one place that is read already is as good as read: the last of five characters is the fifth.
      if (chosen.some((one) => splitBy(keys, one.groups, alone.place).count === one.count)) continue
      const split =
        before.count === keys.length ? { ...before, place: alone.place } : splitBy(keys, before.groups, alone.place)
      const isNearer = next !== undefined && distance(split.place, places) < distance(next.place, places)
      if (next === undefined || split.count > best.count || (split.count === best.count && isNearer)) {
        best = split
        next = alone
      }
    }
    if (next === undefined) break
    chosen.push(next)
  }
  const places = chosen.map(({ place }) => place)
  // What is the same everywhere so far may differ later, and most likely next to what differs now.
  const rest = candidates.filter((place) => !varying.some((alone) => alone.place === place))
  const nearest = new Map(rest.map((place) => [place, distance(place, places)]))
  rest.sort((one, other) => (nearest.get(one) ?? 0) - (nearest.get(other) ?? 0))
  return [...places, ...rest, ...candidates].slice(0, count)
}

function splitBy(keys: readonly string[], groups: Int32Array, place: number): Split {
  const seen = new Map<number, number>()
  const finer = new Int32Array(keys.length)
  for (const [index, key] of keys.entries()) {
    const pair = (groups[index] ?? 0) * 0x10000 + charAt(key, place)
    const group = seen.get(pair) ?? seen.size
    seen.set(pair, group)
    finer[index] = group
  }
  return { place, count: seen.size, groups: finer }
}

interface Split {
  readonly place: number
  readonly count: number
  readonly groups: Int32Array<ArrayBuffer>
}

function charAt(key: string, place: number): number {
  return key.charCodeAt(place < 0 ? key.length + place : place)
}

function distance(place: number, others: readonly number[]): number {
  const sameSide = others.filter((other) => place < 0 === other < 0)
  return Math.min(furthest, ...sameSide.map((other) => Math.abs(other - place)))
}

const furthest = 32
const mostCandidates = 16
