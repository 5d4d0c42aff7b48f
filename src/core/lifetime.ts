import type { Chance } from '../kernel/chance.ts'
import { type Duration, parseDuration, parsePositiveDuration } from '../kernel/duration.ts'
import type { Entry, Moments } from '../kernel/entry.ts'
import { invalidOption } from '../kernel/errors.ts'

/** How long an entry lives: fixed, for ever (`null`), or told by the params and the value. */
export type Ttl<Params, Value> = Duration | null | ((params: Params, value: Value) => Duration | null)

/** The options that say how long values live. Numbers are milliseconds; strings carry a unit. */
export interface LifetimeOptions<Params, Value> {
  /** How long a value is fresh. `null`: for ever. Default: the last tier's ttl, else the cache's, else 5 minutes. */
  readonly ttl?: Ttl<Params, Value> | undefined
  /** How long after that it may be served while one caller reloads it. `Infinity` is allowed. Default: not at all. */
  readonly staleWhileRevalidate?: Duration | undefined
  /** How long after that it may be served when the load fails. Default: not at all. */
  readonly staleIfError?: Duration | undefined
  /** How long `null` is fresh. Default: as any other value. */
  readonly nullTtl?: Duration | undefined
  /** How long a load's error is remembered, in this process only. Default: not at all. */
  readonly errorTtl?: Duration | undefined
  /** Shortens each ttl by chance, by up to this share (0 to 1), so that what was loaded together doesn't expire together. */
  readonly jitter?: number | undefined
}

/** A lifetime, resolved. */
export interface Lifetime<Params = unknown, Value = unknown> {
  readonly ttlOf: (params: Params, value: Value) => number
  readonly nullTtl: number | undefined
  readonly errorTtl: number
  readonly jitter: number
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
  /** Milliseconds the longest entry lives; only its stale window where a function tells its ttl. */
  readonly longest: number
}

/**
 * Resolves the lifetime options of a definition.
 *
 * @param where what is being defined, for errors
 * @param defaultTtl milliseconds, where the options give none
 * @throws CacheError `INVALID_OPTION`
 */
export function resolveLifetime<Params, Value>(
  options: LifetimeOptions<Params, Value>,
  where: string,
  defaultTtl: number,
): Lifetime<Params, Value> {
  const { jitter = 0, nullTtl } = options
  if (!(jitter >= 0 && jitter <= 1)) throw invalidOption(`${where}: jitter`, 'a share from 0 to 1', jitter)
  const staleWhileRevalidate = parseDuration(options.staleWhileRevalidate ?? 0, `${where}: staleWhileRevalidate`)
  const staleIfError = parseDuration(options.staleIfError ?? 0, `${where}: staleIfError`)
  const ofNull = nullTtl === undefined ? undefined : parsePositiveDuration(nullTtl, `${where}: nullTtl`)
  const fixed = typeof options.ttl === 'function' ? 0 : ttlOrDefault(options.ttl, where, defaultTtl)
  return Object.freeze({
    ttlOf: resolveTtl(options.ttl, where, fixed),
    nullTtl: ofNull,
    errorTtl: parseDuration(options.errorTtl ?? 0, `${where}: errorTtl`),
    jitter,
    staleWhileRevalidate,
    staleIfError,
    longest: Math.max(fixed, ofNull ?? 0) + Math.max(staleWhileRevalidate, staleIfError),
  })
}

/** Milliseconds of a fixed ttl; `Infinity` for `null`. */
export function parseTtl(ttl: Duration | null, where: string): number {
  return ttl === null ? Infinity : parsePositiveDuration(ttl, `${where}: ttl`)
}

/** The entry of a value that was had just now. */
export function newEntry<Params, Value>(
  value: Value,
  params: Params,
  now: number,
  lifetime: Lifetime<Params, Value>,
  chance: Chance,
): Entry<Value> {
  const { nullTtl, jitter, staleWhileRevalidate, staleIfError } = lifetime
  const full = value === null && nullTtl !== undefined ? nullTtl : lifetime.ttlOf(params, value)
  const ttl = jitter === 0 ? full : Math.max(1, full * (1 - jitter * chance.fraction()))
  const staleAt = now + ttl
  const expiredAt = staleAt + Math.max(staleWhileRevalidate, staleIfError)
  return { value, createdAt: now, staleAt, expiredAt, stamp: undefined }
}

/** What an entry may be used for at a moment, under a lifetime's terms. */
export type Use = 'fresh' | 'while-revalidating' | 'if-error' | 'none'

/**
 * What an entry may be used for.
 * @param maxAge milliseconds; nothing older is used for anything
 */
export function useOf(moments: Moments, now: number, lifetime: Lifetime<never, never>, maxAge: number = Infinity): Use {
  const { createdAt, staleAt, expiredAt } = moments
  if (now - createdAt > maxAge) return 'none'
  if (now < staleAt) return 'fresh'
  if (now >= expiredAt) return 'none'
  if (now < staleAt + lifetime.staleWhileRevalidate) return 'while-revalidating'
  return now < staleAt + lifetime.staleIfError ? 'if-error' : 'none'
}

function resolveTtl<Params, Value>(
  ttl: Ttl<Params, Value> | undefined,
  where: string,
  fixed: number,
): (params: Params, value: Value) => number {
  return typeof ttl === 'function' ? (params, value) => parseTtl(ttl(params, value), where) : () => fixed
}

function ttlOrDefault(ttl: Duration | null | undefined, where: string, defaultTtl: number): number {
  return ttl === undefined ? defaultTtl : parseTtl(ttl, where)
}
