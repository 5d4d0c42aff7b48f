import { LatestHeap } from './latest-heap.ts'
import { never, type NextUses } from './next-uses.ts'

/**
 * Belady's optimum (L. A. Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems
 * Journal 1966): what is asked for again latest goes. It knows the future, and no policy can do better. A newcomer
 * that is asked for again later than everything kept isn't kept itself (*bypass*): that makes it the optimum for a
 * cache, which may serve a value without keeping it.
 *
 * An entry is known here by the moment of its next request alone, for no two share one. So a request is a hit if the
 * moment it comes at was marked as kept, and neither keys nor a table of them are needed. Moments in the heap that
 * have passed are below all that count, and are cleared away now and then.
 */
export class Optimum {
  readonly policy = 'opt'
  readonly size: number
  readonly #next: NextUses
  // A bit for every moment: the key asked for then is kept until then.
  readonly #isKept: Uint8Array
  readonly #heap = new LatestHeap()
  #entries = 0
  #now = 0
  #hits = 0

  constructor(size: number, next: NextUses) {
    this.size = size
    this.#next = next
    this.#isKept = new Uint8Array((next.requests >>> 3) + 1)
  }

  /** How many requests found their key. */
  get hits(): number {
    return this.#hits
  }

  /** Takes as many requests as there are keys here; which ones they are is known already. */
  replay(keys: Uint32Array): void {
    for (let left = keys.length; left > 0; left--) this.#request(this.#now++)
  }

  #request(now: number): void {
    const isHit = ((this.#isKept[now >>> 3] ?? 0) & (1 << (now & 7))) !== 0
    if (isHit) {
      this.#hits++
      this.#entries--
    }
    const next = this.#next.after(now)
    if (next === never) return
    if (this.#entries < this.size) {
      this.#entries++
      this.#heap.push(next)
      this.#flip(next)
      if (this.#heap.size > this.size * 2 + fewest) this.#heap.forgetUpTo(now)
      return
    }
    const latest = this.#heap.top
    if (latest <= next) return
    this.#flip(latest)
    this.#heap.replaceTop(next)
    this.#flip(next)
  }

  #flip(moment: number): void {
    const at = moment >>> 3
    this.#isKept[at] = (this.#isKept[at] ?? 0) ^ (1 << (moment & 7))
  }
}

const fewest = 64
