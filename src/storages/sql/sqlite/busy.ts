import { resultCodeOf } from '../../../clients/sqlite-client.ts'
import { CacheError } from '../../../kernel/errors.ts'
import { backOff } from '../back-off.ts'

/*
 * One writer at a time is all that SQLite allows. Its own way to wait for another is to sleep on our thread
 * (`busy_timeout`), and the event loop with it; so we set that to nothing, come back later, and sleep on a timer.
 */

/** Whether the error says that another connection is in the way. */
export function isBusy(error: unknown): boolean {
  const code = resultCodeOf(error)
  return code === 5 || code === 6
}

/**
 * Does something until no other connection is in its way.
 * @throws CacheError `STORAGE_UNAVAILABLE` if one still is after `limit` milliseconds
 */
export async function whileBusy<Answer>(limit: number, action: () => Answer): Promise<Answer> {
  const began = performance.now()
  for (let attempt = 1; ; attempt++) {
    try {
      return action()
    } catch (error) {
      if (!isBusy(error)) throw error
      if (performance.now() - began >= limit) throw stillBusy(limit, error)
    }
    await backOff(attempt)
  }
}

/** The error for having waited in vain. */
export function stillBusy(limit: number, cause: unknown): CacheError {
  const message = `the database has been locked by another connection for more than ${limit} ms`
  return new CacheError('STORAGE_UNAVAILABLE', message, { cause })
}
