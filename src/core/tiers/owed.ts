import type { Storage } from '../../contracts/storage.ts'
import { withDeadline } from '../../flight/deadline.ts'
import type { Clock } from '../../kernel/clock.ts'
import { CacheError } from '../../kernel/errors.ts'

// Beyond it a key's node is deleted as a whole, or all there is: rather too much than something forgotten.
const mostKeys = 1_000
const mostHeads = 20

// A clear goes through all there is.
const clearLimit = 60_000

const firstPause = 100
const longestPause = 5_000

/** What a storage is owed through. */
export interface OwedParts {
  readonly name: string
  readonly storage: Storage
  readonly clock: Clock
  /** Milliseconds a delete may take. */
  readonly patience: () => number
  /** Told when all has been made up for. */
  readonly onSettled: (counts: { readonly keyCount: number; readonly headCount: number }) => void
}

/**
 * The deletes that a storage owes us: explicit changes that it did not confirm. They are made up for before it is asked for
 * anything again, and in the background as well, so that other processes need not wait for that.
 *
 * Whatever the change was, what is made up for is a delete. A set that timed out may be carried out later than one thinks,
 * over something newer; a delete costs a load at worst.
 */
export class Owed {
  readonly #parts: OwedParts
  /** With the number of the call that owed them last: what is owed again while it is made up for stays. */
  readonly #keys = new Map<string, number>()
  readonly #heads = new Map<string, number>()
  #count = 0
  #settling: Promise<void> | undefined
  #pause = firstPause
  #isWaiting = false
  #isClosed = false

  constructor(parts: OwedParts) {
    this.#parts = parts
  }

  /** How many keys, and beginnings of keys, are owed. */
  get size(): number {
    return this.#keys.size + this.#heads.size
  }

  /** Owes the deletion of keys. @param head of their node, if they have one: deleted instead, should there be too many */
  owe(keys: readonly string[], head?: string): void {
    this.#count++
    for (const key of keys) this.#keys.set(key, this.#count)
    if (this.#keys.size > mostKeys) {
      const heads = [...this.#keys.keys()].map((key) =>
        head !== undefined && key.startsWith(head) ? head : cacheHead(key),
      )
      this.#keys.clear()
      for (const wider of new Set(heads)) this.oweHead(wider)
    }
    this.#retryLater()
  }

  /** Owes the deletion of everything whose key begins with `head`. */
  oweHead(head: string): void {
    this.#count++
    this.#heads.set(head, this.#count)
    if (this.#heads.size > mostHeads) {
      const wider = new Set([...this.#heads.keys()].map(cacheHead))
      this.#heads.clear()
      for (const one of wider) this.#heads.set(one, this.#count)
    }
    this.#retryLater()
  }

  /** Makes up for everything. @throws CacheError `STORAGE_UNAVAILABLE` if that fails */
  settle(): Promise<void> {
    if (this.size === 0) return Promise.resolve()
    this.#settling ??= this.#settle().finally(() => {
      this.#settling = undefined
    })
    return this.#settling
  }

  /** Tries once more, and leaves it at that. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.settle().catch(() => {})
  }

  async #settle(): Promise<void> {
    const { storage, patience } = this.#parts
    const counts = { keyCount: 0, headCount: 0 }
    while (this.size > 0) {
      const heads = [...this.#heads]
      const keys = [...this.#keys]
      for (const [head] of heads) await this.#inTime(storage.clear(head), clearLimit)
      if (keys.length > 0) await this.#inTime(storage.deleteMany(keys.map(([key]) => key)), patience())
      for (const [head, count] of heads) if (this.#heads.get(head) === count) this.#heads.delete(head)
      for (const [key, count] of keys) if (this.#keys.get(key) === count) this.#keys.delete(key)
      counts.keyCount += keys.length
      counts.headCount += heads.length
    }
    this.#pause = firstPause
    this.#parts.onSettled(counts)
  }

  #inTime(done: Promise<unknown>, limit: number): Promise<unknown> {
    const { clock, name } = this.#parts
    return withDeadline(done, limit, clock, () => {
      const message = `storage '${name}': deletes that it had not confirmed were not confirmed within ${limit} ms either`
      return new CacheError('STORAGE_UNAVAILABLE', message)
    })
  }

  #retryLater(): void {
    if (this.#isWaiting || this.#isClosed) return
    this.#isWaiting = true
    this.#parts.clock.after(this.#pause, () => {
      this.#isWaiting = false
      this.#pause = Math.min(this.#pause * 2, longestPause)
      this.settle().catch(() => this.#retryLater())
    })
  }
}

/** Runs a change of a storage; what it does not confirm, it owes. */
export async function owing<Answer>(
  owed: Owed,
  debt: { readonly keys: readonly string[]; readonly head?: string } | { readonly heads: readonly string[] },
  change: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await change()
  } catch (error) {
    if (!(error instanceof CacheError && error.code === 'STORAGE_UNAVAILABLE')) throw error
    if ('heads' in debt) for (const head of debt.heads) owed.oweHead(head)
    else owed.owe(debt.keys, debt.head)
    throw error
  }
}

// What all keys of the cache begin with: up to the first colon, since a prefix has none.
function cacheHead(key: string): string {
  return key.slice(0, key.indexOf(':') + 1)
}
