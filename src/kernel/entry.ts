import type { Stamp } from './stamp.ts'

/** The moments of an entry, in milliseconds of the reader's own clock. */
export interface Moments {
  /** When the value was had: its load settled, or it was set. */
  readonly createdAt: number
  /** Until then it is fresh. */
  readonly staleAt: number
  /** From then on it must not be served by anybody. */
  readonly expiredAt: number
}

/** A value with its moments, as a private tier keeps it. */
export interface Entry<Value = unknown> extends Moments {
  readonly value: Value
  /** What it was made under, where it has tags or a scope. */
  readonly stamp?: Stamp | undefined
}

/** Fresh before stale-at, expired from expired-at on, stale between. */
export type Freshness = 'fresh' | 'stale' | 'expired'

/** How an entry stands at a moment. */
export function freshness(moments: Moments, now: number): Freshness {
  if (now >= moments.expiredAt) return 'expired'
  return now < moments.staleAt ? 'fresh' : 'stale'
}

/** The same entry made stale at `now`: its stale window counts from there, and it never lives longer than before. */
export function madeStale<Kind extends Moments>(entry: Kind, now: number): Kind {
  if (entry.staleAt <= now) return entry
  const expiredAt = entry.staleAt === Infinity ? entry.expiredAt : now + (entry.expiredAt - entry.staleAt)
  return { ...entry, staleAt: now, expiredAt }
}
