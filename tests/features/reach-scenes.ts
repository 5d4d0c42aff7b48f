import { type AnyStorage, type Cache, type CacheOptions, createCache, memory, type ScopeTree } from 'tiercel'
import {
  type FaultyStorage,
  faultyStorage,
  type SimpleStorage,
  simpleStorage,
  type VirtualClock,
  virtualClock,
} from 'tiercel/testing'

/** A cache somewhere, and another like it on the same data, if there is data that others can have. */
export interface ReachScene<Tree extends ScopeTree> {
  readonly clock: VirtualClock
  readonly cache: Cache<string, Tree>
  /** What the cache asks, if it has a storage outside its memory. */
  readonly shared: FaultyStorage | undefined
  readonly server: SimpleStorage | undefined
  /** Another process. Where memory is all there is, the same cache. */
  another(): Cache<string, Tree>
}

type Options<Tree extends ScopeTree> = Omit<CacheOptions<Record<string, never>, Tree>, 'storages' | 'tiers' | 'clock'>

/** The places in which tags and scopes must mean the same. */
export const reachPlaces = ['memory', 'memory above a shared storage', 'a shared storage'] as const

export type ReachPlace = (typeof reachPlaces)[number]

export function reachScene<Tree extends ScopeTree = ScopeTree>(
  place: ReachPlace,
  options: Options<Tree> = {},
): ReachScene<Tree> {
  const clock = virtualClock()
  const server = place === 'memory' ? undefined : simpleStorage({ clock })
  const open = (): { readonly cache: Cache<string, Tree>; readonly shared: FaultyStorage | undefined } => {
    const shared = server && faultyStorage(server.another(), { clock })
    const storages: Record<string, AnyStorage> = {
      ...(place !== 'a shared storage' && { local: memory({ clock }) }),
      ...(shared && { shared }),
    }
    return { cache: createCache<typeof storages, Tree>({ ...options, clock, storages }), shared }
  }
  const { cache, shared } = open()
  return { clock, cache, shared, server, another: () => (server === undefined ? cache : open().cache) }
}

/** A source whose values tell which load they come from, and that waits where it is told to. */
export function countingSource(): {
  readonly load: () => Promise<number>
  readonly count: () => number
  hold(): () => void
} {
  let count = 0
  let gate: Promise<void> | undefined
  return {
    load: async () => {
      const own = ++count
      await gate
      return own
    },
    count: () => count,
    hold() {
      let open = (): void => {}
      gate = new Promise((resolve) => (open = resolve))
      return () => {
        gate = undefined
        open()
      }
    },
  }
}
