import type { Claim, ClaimAnswer, MarkerChange, Stored, StoredItem } from '../../contracts/storage.ts'
import { staleStored } from '../stale-stored.ts'
import { leaseToken, type Item } from './item.ts'

/** What becomes of an item, and what its caller is told. */
export interface Decision<Answer> {
  readonly change: Item | 'keep' | 'delete'
  readonly answer: Answer
}

/**
 * A change of what stands under a key, decided on what was found there: `undefined` if nothing is, or nothing that
 * counts. It is asked again if somebody else was faster.
 */
export interface Wish<Answer> {
  readonly key: string
  readonly decide: (found: Item | undefined, now: number) => Decision<Answer>
  /** Nothing is expected there, so it may be tried without looking first. */
  readonly isForNothing?: true
  /** The lease that decides alone: if that is known to stand, it may be tried without looking first. */
  readonly underLease?: string
}

/** An item without a lease. */
export interface Entry {
  readonly stored: Stored
  readonly expiresAt: number
}

/** Takes a lease beside what is there. */
export function claim({ key, token, life, force }: Claim): Wish<ClaimAnswer> {
  const mine = leaseToken(token)
  return {
    key,
    isForNothing: true,
    decide(found, now) {
      const { stored, expiresAt, lease } = alive(found, now)
      const won = force === true || lease === undefined
      const answer = { won, stored, now }
      if (!won) return { change: 'keep', answer }
      return { change: { stored, expiresAt, lease: { token: mine, until: now + life } }, answer }
    },
  }
}

/** Prolongs a lease that stands. */
export function renew({ key, token, life }: Claim): Wish<boolean> {
  return withLease(key, token, (item, now) => ({ ...item, lease: { token: leaseToken(token), until: now + life } }))
}

/** Writes an entry if the lease stands, and gives that back. @param calledAt its life counts from there */
export function fulfil(item: StoredItem & { readonly token: string }, calledAt: number): Wish<boolean> {
  const entry = entryOf(item, calledAt)
  return { ...withLease(item.key, item.token, () => entry), underLease: leaseToken(item.token) }
}

/** Gives a lease back if it stands. */
export function release({ key, token }: { readonly key: string; readonly token: string }): Wish<boolean> {
  return withLease(key, token, ({ stored, expiresAt }) => (stored === undefined ? 'delete' : { stored, expiresAt }))
}

/** Makes an entry stale, and drops its lease. */
export function expire(key: string): Wish<void> {
  return {
    key,
    decide(found, now) {
      const { stored, expiresAt, lease } = alive(found, now)
      const stale = stored && staleStored(stored, now)
      if (stored === undefined || stale === undefined) {
        return { change: found === undefined ? 'keep' : 'delete', answer: undefined }
      }
      if (stale.header === stored.header && lease === undefined) return { change: 'keep', answer: undefined }
      const change = {
        stored: { header: stale.header, payload: stored.payload },
        expiresAt: Math.min(expiresAt, stale.expiredAt),
      }
      return { change, answer: undefined }
    },
  }
}

/** Makes a marker if it is missing, or prolongs it. @param calledAt its life counts from there */
export function ensure(marker: StoredItem, calledAt: number): Wish<Stored> {
  const made = entryOf(marker, calledAt)
  return {
    key: marker.key,
    isForNothing: true,
    decide(found, now) {
      const { stored, expiresAt } = alive(found, now)
      if (stored === undefined) return { change: made, answer: made.stored }
      if (made.expiresAt <= expiresAt) return { change: 'keep', answer: stored }
      return { change: { stored, expiresAt: made.expiresAt }, answer: stored }
    },
  }
}

/** Replaces the versions of a marker. @param calledAt its life counts from there */
export function change(to: MarkerChange, calledAt: number): Wish<void> {
  const made = entryOf(to, calledAt)
  return {
    key: to.key,
    decide(found, now) {
      const { stored, expiresAt } = alive(found, now)
      if (stored === undefined) return { change: made, answer: undefined }
      const header = to.softOnly === true ? stored.header : to.header
      const life = Math.max(expiresAt, made.expiresAt)
      return { change: { stored: { header, payload: to.payload }, expiresAt: life }, answer: undefined }
    },
  }
}

/** An entry as it is kept. */
export function entryOf({ header, payload, ttl = Infinity }: StoredItem, calledAt: number): Entry {
  return { stored: { header, payload }, expiresAt: calledAt + ttl }
}

/** What of an item has not run out. */
export function alive(item: Item | undefined, now: number): Item {
  return {
    stored: item !== undefined && item.expiresAt > now ? item.stored : undefined,
    expiresAt: item?.expiresAt ?? 0,
    lease: item?.lease !== undefined && item.lease.until > now ? item.lease : undefined,
  }
}

/** A token that doesn't stand changes nothing. */
function withLease(key: string, token: string, changed: (item: Item, now: number) => Item | 'delete'): Wish<boolean> {
  const mine = leaseToken(token)
  return {
    key,
    decide(found, now) {
      const item = alive(found, now)
      if (item.lease?.token !== mine) return { change: 'keep', answer: false }
      return { change: changed(item, now), answer: true }
    },
  }
}
