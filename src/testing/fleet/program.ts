import type { Dice } from './dice.ts'

/** What somebody does in a fleet, or what happens to it. `who` is the number of a process. */
export type Step =
  | {
      readonly do: 'get' | 'peek' | 'set' | 'invalidate' | 'expire' | 'refresh'
      readonly who: number
      readonly key: number
    }
  | { readonly do: 'getMany'; readonly who: number; readonly keys: readonly number[] }
  | { readonly do: 'clear' | 'invalidateAll' | 'invalidate label' | 'invalidate pattern'; readonly who: number }
  /** Somebody deletes a key by hand, past every cache. */
  | { readonly do: 'delete by hand'; readonly key: number }
  | { readonly do: 'cut data' | 'refuse data'; readonly who: number }
  | { readonly do: 'mend data'; readonly who: number; readonly held: 'arrive' | 'lose' }
  | { readonly do: 'lose feed'; readonly who: number; readonly noticedAfter: number }
  | { readonly do: 'mend feed'; readonly who: number }
  /** A process dies and is started anew: with what it had in memory or without, and able to hear the feed or not yet. */
  | { readonly do: 'restart'; readonly who: number; readonly restores: boolean; readonly isDeaf: boolean }
  | { readonly do: 'pass'; readonly milliseconds: number }

/** What a fleet is like, for a whole program. */
export interface Terms {
  readonly processes: number
  readonly keys: number
  /** What all entries carry: nothing, a tag the params tell, one that only the result tells, or a place in a scope. */
  readonly label: 'none' | 'tag' | 'late tag' | 'scope'
  /** Whether each process keeps copies in memory, on the host it shares with the others, or both. */
  readonly tiers: 'memory' | 'host' | 'memory and host'
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  /** Milliseconds of which each message on a line takes one. */
  readonly delays: readonly number[]
  /** By how many milliseconds the clock of each process is wrong. */
  readonly skews: readonly number[]
  /** How often a load fails, how long one takes (by weight and milliseconds), and how long one waits for another process's. */
  readonly failing: number
  readonly loadTimes: readonly (readonly [number, number])[]
  readonly wait: number
  /** Whether the server tells of changes, and of which messages each takes how many milliseconds. */
  readonly feed: { readonly delays: readonly number[] } | undefined
  /** What goes wrong besides: nothing, the feed, the way to the server, or all of it. */
  readonly trouble: 'none' | 'feed' | 'data' | 'all'
}

const someDelays = [[0], [0, 1, 2, 5], [1, 3, 12, 40], [0, 0, 0, 30], [15, 25], [45, 60]]

const quickLoads = [
  [4, 0],
  [3, 3],
  [3, 15],
  [3, 60],
  [1, 200],
] as const

const slowLoads = [
  [1, 0],
  [2, 60],
  [3, 150],
  [3, 280],
  // Past the hard limit.
  [1, 1_000],
] as const

/** What a fleet is like, by chance. */
export function someTerms(dice: Dice, processes: number): Terms {
  return {
    processes,
    keys: dice.one([1, 2, 3]),
    label: dice.one(['none', 'none', 'tag', 'late tag', 'scope']),
    tiers: dice.weighted([
      [6, 'memory' as const],
      [2, 'host' as const],
      [2, 'memory and host' as const],
    ]),
    staleWhileRevalidate: dice.one([0, 0, 60]),
    staleIfError: dice.one([0, 0, 60, 600]),
    delays: dice.one(someDelays),
    skews: Array.from({ length: processes }, () => dice.one([0, 0, -5_000, 5_000])),
    failing: dice.one([0, 0.1, 0.4]),
    loadTimes: dice.one([quickLoads, quickLoads, slowLoads]),
    wait: dice.one([40, 2_000]),
    feed: dice.happens(0.75) ? { delays: dice.one(someDelays) } : undefined,
    trouble: dice.weighted([
      [3, 'none' as const],
      [4, 'feed' as const],
      [1, 'data' as const],
      [2, 'all' as const],
    ]),
  }
}

/** What happens in a fleet, by chance. */
export function someProgram(dice: Dice, { processes, keys, trouble, label }: Terms, length: number): readonly Step[] {
  const who = (): number => dice.below(processes)
  const key = (): number => dice.below(keys)
  const often = (...kinds: readonly Terms['trouble'][]): number => (kinds.includes(trouble) ? 1 : 0)
  const steps: readonly (readonly [number, () => Step])[] = [
    [24, () => ({ do: 'get', who: who(), key: key() })],
    [4, () => ({ do: 'getMany', who: who(), keys: Array.from({ length: dice.below(4) }, key) })],
    [4, () => ({ do: 'peek', who: who(), key: key() })],
    [6, () => ({ do: 'set', who: who(), key: key() })],
    [6, () => ({ do: 'invalidate', who: who(), key: key() })],
    [2, () => ({ do: 'expire', who: who(), key: key() })],
    [2, () => ({ do: 'refresh', who: who(), key: key() })],
    [1, () => ({ do: 'clear', who: who() })],
    [1, () => ({ do: 'invalidateAll', who: who() })],
    [1, () => ({ do: 'invalidate pattern', who: who() })],
    [label === 'none' ? 0 : 5, () => ({ do: 'invalidate label', who: who() })],
    [1, () => ({ do: 'delete by hand', key: key() })],
    [2 * often('data', 'all'), () => ({ do: dice.one(['cut data', 'refuse data']), who: who() })],
    [4 * often('data', 'all'), () => ({ do: 'mend data', who: who(), held: dice.one(['arrive', 'lose']) })],
    [3 * often('feed', 'all'), () => ({ do: 'lose feed', who: who(), noticedAfter: dice.one([0, 10, 50, 50, 700]) })],
    [6 * often('feed', 'all'), () => ({ do: 'mend feed', who: who() })],
    [
      3 * often('feed', 'all'),
      () => ({ do: 'restart', who: who(), restores: dice.happens(0.5), isDeaf: dice.happens(0.3) }),
    ],
    [40, () => ({ do: 'pass', milliseconds: dice.one([0, 1, 2, 5, 5, 20, 20, 50, 50, 100, 250]) })],
  ]
  return Array.from({ length }, () => dice.weighted(steps)())
}
