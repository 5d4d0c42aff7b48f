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
  readonly #count: number
  // Place i is at `(length & end[i]) + offset[i]`: `end` is 0 for places counted from the start, -1 from the end.
  readonly #offset0: number
  readonly #offset1: number
  readonly #offset2: number
  readonly #offset3: number
  readonly #offset4: number
  readonly #offset5: number
  readonly #offset6: number
  readonly #offset7: number
  readonly #end0: number
  readonly #end1: number
  readonly #end2: number
  readonly #end3: number
  readonly #end4: number
  readonly #end5: number
  readonly #end6: number
  readonly #end7: number

  /**
   * @param seed any 32 bits
   * @param places where to read: 0, 1, … from the start, -1, -2, … from the end
   * @param least the length from which on all places exist; Infinity to read every string whole
   */
  constructor(seed: number, places: readonly number[] = [], least: number = Infinity) {
    this.#seed = seed
    this.#multiplier = Math.imul(seed, 0x9e3779b1) | 1
    this.#least = least
    this.#count = places.length
    const at = (index: number): number => places[index % places.length] ?? 0
    this.#offset0 = at(0)
    this.#offset1 = at(1)
    this.#offset2 = at(2)
    this.#offset3 = at(3)
    this.#offset4 = at(4)
    this.#offset5 = at(5)
    this.#offset6 = at(6)
    this.#offset7 = at(7)
    this.#end0 = at(0) >> 31
    this.#end1 = at(1) >> 31
    this.#end2 = at(2) >> 31
    this.#end3 = at(3) >> 31
    this.#end4 = at(4) >> 31
    this.#end5 = at(5) >> 31
    this.#end6 = at(6) >> 31
    this.#end7 = at(7) >> 31
  }

  /** How many characters it reads of a string that is long enough. */
  get reads(): number {
    if (this.#least === Infinity) return Infinity
    return this.#count
  }

  /** 32 bits. */
  of(key: string): number {
    const length = key.length
    if (length < this.#least) return this.#whole(key)
    const low =
      key.charCodeAt((length & this.#end0) + this.#offset0) ^
      (key.charCodeAt((length & this.#end1) + this.#offset1) << 8) ^
      (key.charCodeAt((length & this.#end2) + this.#offset2) << 16) ^
      (key.charCodeAt((length & this.#end3) + this.#offset3) << 24)
    const first = Math.imul(low ^ this.#seed, 0x85ebca6b) ^ Math.imul(length, 0x9e3779b1)
    if (this.#count === 4) return finish(first, this.#multiplier)
    return finish(first ^ Math.imul(this.#more(key, length) ^ (first >>> 13), this.#multiplier), 0x2c1b3c6d)
  }

  #more(key: string, length: number): number {
    const more =
      key.charCodeAt((length & this.#end4) + this.#offset4) ^
      (key.charCodeAt((length & this.#end5) + this.#offset5) << 8)
    if (this.#count === 6) return more
    return (
      more ^
      (key.charCodeAt((length & this.#end6) + this.#offset6) << 16) ^
      (key.charCodeAt((length & this.#end7) + this.#offset7) << 24)
    )
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

function finish(hash: number, multiplier: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), multiplier)
  return mixed ^ (mixed >>> 16)
}

/** A hash that reads every character. */
export function fullHash(seed: number): StringHash {
  return new StringHash(seed)
}

/**
 * A hash that reads the places that tell these keys apart best.
 * @param keys some of those that are to be hashed; a hundred are plenty
 * @param count how many places
 */
export function learnPlaces(seed: number, keys: readonly string[], count: 4 | 6 | 8): StringHash {
  const lengths = keys.map((key) => key.length).sort((one, other) => one - other)
  // A few short keys among long ones shall not hide the places of the long ones.
  const least = Math.max(lengths[lengths.length >> 3] ?? 0, count + 1)
  const long = keys.filter((key) => key.length >= least)
  if (long.length === 0) return fullHash(seed)
  return new StringHash(seed, choosePlaces(long, Math.min(least, furthest), count), least)
}

// Greedily: each time the place by which the most keys differ that were alike in all places before.
function choosePlaces(keys: readonly string[], reach: number, count: number): readonly number[] {
  const candidates: number[] = []
  for (let at = 0; at < reach; at++) candidates.push(at, -at - 1)
  const varying = candidates.filter((place) => keys.some((key) => charAt(key, place) !== charAt(keys[0] ?? '', place)))
  const chosen: number[] = []
  let groups = new Int32Array(keys.length)
  while (chosen.length < count && chosen.length < varying.length) {
    let best = splitBy(keys, groups, varying.find((place) => !chosen.includes(place)) ?? 0)
    for (const place of varying) {
      if (chosen.includes(place)) continue
      const split = splitBy(keys, groups, place)
      if (split.count > best.count) best = split
    }
    chosen.push(best.place)
    groups = best.groups
  }
  // What is the same everywhere so far may differ later, and most likely next to what differs now.
  const rest = candidates.filter((place) => !chosen.includes(place))
  const nearest = new Map(rest.map((place) => [place, distance(place, varying)]))
  rest.sort((one, other) => (nearest.get(one) ?? 0) - (nearest.get(other) ?? 0))
  return [...chosen, ...rest].slice(0, count)
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
