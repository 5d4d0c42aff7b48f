import type { LocalStorage } from '../../contracts/local-storage.ts'
import type { Entry } from '../../kernel/entry.ts'
import { madeStale } from '../../kernel/entry.ts'
import { TierCounters } from '../../observe/counters.ts'

/** An entry in memory, and when the flight that brought it began. */
export interface Copy<Value = unknown> extends Entry<Value> {
  /** The epoch of the feed. */
  readonly epoch: number
  /** The tick of change tokens. */
  readonly asOf: number
}

/** A private storage as one node uses it. */
export class LocalTier<Value = unknown> {
  readonly name: string
  readonly storage: LocalStorage<Copy<Value>>
  readonly counters: TierCounters = new TierCounters()
  readonly #ttl: number

  /** @param ttl milliseconds an entry answers here before a tier below is asked again; `Infinity` where there is none below */
  constructor(name: string, storage: LocalStorage<Copy<Value>>, ttl: number) {
    this.name = name
    this.storage = storage
    this.#ttl = ttl
  }

  find(key: string, now: number): Copy<Value> | undefined {
    return this.storage.get(key, now)
  }

  /**
   * Keeps a copy, never longer than it may live, nor than this tier keeps one.
   * @param atMost milliseconds, where there is a reason to keep it shorter
   */
  put(key: string, copy: Copy<Value>, now: number, atMost: number = Infinity): void {
    const ttl = Math.min(this.#ttl, copy.expiredAt - now, atMost)
    // What is left of less than a millisecond is not worth keeping, nor does every storage take it.
    if (ttl >= 1) this.storage.set(key, copy, { ttl })
    else this.storage.delete(key)
  }

  drop(key: string): boolean {
    return this.storage.delete(key)
  }

  /** @returns whether there was something to make stale */
  expire(key: string, now: number): boolean {
    const copy = this.storage.peek(key, now)
    if (copy !== undefined) this.put(key, madeStale(copy, now), now)
    return copy !== undefined
  }

  clear(head: string): void {
    clearUnder(this.storage, head)
  }
}

/** Deletes what a private storage has under a prefix, and nothing else. */
export function clearUnder(storage: LocalStorage, head: string): void {
  for (const key of storage.keys()) if (key.startsWith(head)) storage.delete(key)
}
