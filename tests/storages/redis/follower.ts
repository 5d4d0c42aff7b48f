import type { Storage } from '../../../src/contracts/storage.ts'
import { eventually } from './waiting.ts'

/** What somebody who follows a feed has been told, and when. */
export interface Follower {
  readonly story: readonly string[]
  /** When it was last told so, as `performance.now()`. */
  toldAt(what: string): number
  /** Waits until it has been told so, so many times since {@link forget}. */
  heard(what: string, options?: { readonly times?: number; readonly within?: number }): Promise<void>
  /** What was told until now doesn't count any more. */
  forget(): void
  stop(): Promise<void>
}

/** Follows a prefix, and waits until nothing is missed. */
export async function followed(storage: Storage, prefix = 'shop:'): Promise<Follower> {
  const follower = follow(storage, prefix)
  await follower.heard('unbroken')
  return follower
}

/** Follows a prefix. */
export function follow(storage: Storage, prefix = 'shop:'): Follower {
  const told: { readonly what: string; readonly at: number }[] = []
  const note = (...words: readonly string[]): void => {
    for (const what of words) told.push({ what, at: performance.now() })
  }
  const following = storage.capabilities.feed?.follow(prefix, {
    unbroken: () => note('unbroken'),
    changed: (keys) => note(...keys),
    changedAll: () => note('all'),
    broken: () => note('broken'),
  })
  if (following === undefined) throw new Error('the storage has no feed')
  return {
    get story() {
      return told.map(({ what }) => what)
    },
    toldAt: (word) => told.findLast(({ what }) => what === word)?.at ?? NaN,
    heard: (word, { times = 1, within = 5_000 } = {}) =>
      eventually(() => {
        if (told.filter(({ what }) => what === word).length < times) {
          throw new Error(`not told of ${word}, but ${JSON.stringify(told.map(({ what }) => what).slice(0, 50))}`)
        }
      }, within),
    forget: () => void (told.length = 0),
    stop: () => following.stop(),
  }
}
