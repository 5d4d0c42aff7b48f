import { SieveCache } from '@neophi/sieve-cache'
import { LRUCache } from 'lru-cache'
import { LRUMap } from 'mnemonist'
import QuickLRU from 'quick-lru'
import { BoundedCache } from 'transitory'
import { MemoryCache } from '../../src/doors/memory.ts'

/** What every cache here can do. */
export interface Subject {
  get(key: Key): unknown
  set(key: Key, value: object): unknown
}

export type Key = string | number

/** The caches compared, and how one of a capacity is made. The first is ours, the second the measure. */
export const subjects: Readonly<Record<string, (capacity: number) => Subject>> = {
  tiercel: (maxEntries) => new MemoryCache<Key, object>({ maxEntries }),
  'lru-cache': (max) => new LRUCache<Key, object>({ max }),
  mnemonist: (capacity) => new LRUMap<Key, object>(capacity),
  'quick-lru': (maxSize) => new QuickLRU<Key, object>({ maxSize }),
  'sieve-cache': (capacity) => new SieveCache<Key, object>(capacity),
  transitory: (maxSize) => new Transitory(maxSize),
}

class Transitory implements Subject {
  readonly #cache: BoundedCache<Key, object>

  constructor(maxSize: number) {
    this.#cache = new BoundedCache<Key, object>({ maxSize })
  }

  get(key: Key): unknown {
    return this.#cache.getIfPresent(key) ?? undefined
  }

  set(key: Key, value: object): unknown {
    return this.#cache.set(key, value)
  }
}
