import { CacheError } from '../kernel/errors.ts'

/**
 * For every request of a trace, when its key is asked for again. Four bytes a request and four a key. It is written
 * while the trace is read for the first time; in pieces, so that growing never copies.
 */
export class NextUses {
  readonly #pieces: Int32Array[] = []
  // By key: the moment of its latest request, and 1.
  #latest = new Int32Array(1024)
  #requests = 0

  /** How many requests there were; their moments are 0, 1, … */
  get requests(): number {
    return this.#requests
  }

  /** @throws CacheError `UNSUPPORTED` past two billion requests */
  add(keys: Uint32Array): void {
    if (this.#requests + keys.length >= never) {
      throw new CacheError('UNSUPPORTED', 'opt: expected at most two billion requests; limit them, or leave out opt')
    }
    for (let at = 0; at < keys.length; at++) this.#addOne(keys[at] ?? 0)
  }

  /** The moment of the next request for the key of this one; {@link never} if there is none. */
  after(moment: number): number {
    const next = this.#pieces[moment >>> pieceBits]?.[moment & pieceMask] ?? 0
    return next === 0 ? never : next
  }

  /** When the trace has been read, who came last doesn't matter any more. */
  finish(): void {
    this.#latest = new Int32Array(0)
  }

  #addOne(key: number): void {
    const now = this.#requests++
    if ((now & pieceMask) === 0) this.#pieces.push(new Int32Array(pieceMask + 1))
    if (key >= this.#latest.length) this.#growTo(key)
    const before = (this.#latest[key] ?? 0) - 1
    const piece = this.#pieces[before >>> pieceBits]
    if (before >= 0 && piece !== undefined) piece[before & pieceMask] = now
    this.#latest[key] = now + 1
  }

  #growTo(key: number): void {
    const larger = new Int32Array(Math.max(key + 1, this.#latest.length * 2))
    larger.set(this.#latest)
    this.#latest = larger
  }
}

/** Later than every moment. */
export const never: number = 2 ** 31 - 1

const pieceBits = 18
const pieceMask = 2 ** pieceBits - 1
