import type { Clock } from '../../kernel/clock.ts'
import { MemoryCache } from '../../local/memory-cache.ts'

// Whoever is forgotten is verified once more.
const mostKeys = 100_000

// Copies of this epoch are trusted by nobody.
const neverCovered = -Infinity

/**
 * Which copies in a host's storage a feed has covered since they were written. Others write there too, and what is
 * found there may be from yesterday, so a copy is taken at its word only if this process wrote it, it is still the same, and
 * nothing was told of its key since.
 */
export class Coverage {
  readonly #covered: MemoryCache<string, { readonly epoch: number; readonly header: Uint8Array }>

  constructor(clock: Clock) {
    this.#covered = new MemoryCache({ clock, maxEntries: mostKeys, policy: 'lru' })
  }

  /** A copy was written by a flight that began in `epoch`, and nothing has been told of its key meanwhile. */
  cover(key: string, header: Uint8Array, epoch: number): void {
    this.#covered.set(key, { epoch, header })
  }

  /** A key has changed. */
  forget(key: string): void {
    this.#covered.delete(key)
  }

  /** The epoch of a copy that was found; one that nobody trusts, if it isn't the one that was covered. */
  epochOf(key: string, header: Uint8Array): number {
    const covered = this.#covered.get(key)
    return covered !== undefined && Buffer.compare(covered.header, header) === 0 ? covered.epoch : neverCovered
  }
}
