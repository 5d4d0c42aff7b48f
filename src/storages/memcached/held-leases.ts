import type { Lease } from './item.ts'
import type { Stamp } from './root.ts'

// So many at once would be a fleet's worth of loads. What is forgotten costs a look.
const mostHeld = 10_000

/** A lease that was taken where nothing stood, and the item it made. */
export interface HeldLease {
  readonly lease: Lease
  /**
   * As long as the item has this cas, nobody has touched it. A server that was started anew counts from the beginning,
   * and so has another root: the stamp tells.
   */
  readonly cas: string
  readonly stamp: Stamp
}

/** The leases of this process, so that what it brings can be written without looking whether the lease stands. */
export class HeldLeases {
  readonly #held = new Map<string, HeldLease>()

  remember(key: string, held: HeldLease): void {
    if (this.#held.size >= mostHeld) this.#held.clear()
    this.#held.set(key, held)
  }

  /** What is remembered of this lease, once. */
  take(key: string, token: string): HeldLease | undefined {
    const held = this.#held.get(key)
    if (held?.lease.token !== token) return undefined
    this.#held.delete(key)
    return held
  }
}
