/*
 * How long the server is asked to keep an item. It counts whole seconds, by a clock that ticks once a second, so what
 * is asked to live for N seconds ends between N - 1 and N of them after it was written. The moment an entry ends is in
 * the item, to the millisecond, on the clock of the machine that wrote it. That decides as long as the clocks of the
 * machines go alike; the server sees to it where they don't:
 *
 * - From ten seconds up the seconds are rounded down: whatever the clocks say, nobody reads it for longer than was asked,
 *   and it may end up to two seconds early.
 * - Less than that would be too little of what is left, so there the seconds are rounded up, and one more: the moment
 *   in the item decides, and a clock that is slow can prolong it by two seconds at most.
 *
 * Beyond thirty days memcached takes seconds for a moment since 1970, and it has no moments after 2038.
 */

const longestSpan = 30 * 86_400
const lastMoment = 2 ** 31 - 1

/** For ever, as memcached writes it. */
const noEnd = 0

/**
 * Seconds for an entry, as memcached wants them.
 * @param ttl milliseconds
 * @param wallNow the wall clock: what the server's is supposed to go by
 */
export function secondsForEntry(ttl: number, wallNow: number): number {
  return ttl < 10_000 ? secondsForLease(ttl, wallNow) : written(Math.floor(ttl / 1_000), wallNow)
}

/** As {@link secondsForEntry}, for what may end late but never early. */
export function secondsForLease(ttl: number, wallNow: number): number {
  return written(Math.ceil(Math.max(0, ttl) / 1_000) + 1, wallNow)
}

/**
 * The shorter of two times as memcached takes them.
 * @param left what the server says is left: a span, or -1 for ever
 */
export function shorterSeconds(left: number, asked: number): number {
  if (left < 0 || left > longestSpan) return asked
  return asked === noEnd ? left : Math.min(left, asked)
}

/** The longer of two times as memcached takes them: a moment is always farther off than a span. */
export function longerSeconds(one: number, other: number): number {
  return one === noEnd || other === noEnd ? noEnd : Math.max(one, other)
}

function written(seconds: number, wallNow: number): number {
  if (seconds <= longestSpan) return seconds
  const moment = Math.floor(wallNow / 1_000) + seconds
  return moment <= lastMoment ? moment : noEnd
}
