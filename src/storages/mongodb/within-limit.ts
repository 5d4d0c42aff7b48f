import { withDeadline } from '../../flight/deadline.ts'
import { systemClock } from '../../kernel/clock.ts'
import { CacheError } from '../../kernel/errors.ts'

/**
 * Waits for the server so many milliseconds. The driver's own limit, where it knows one, frees the connection; this one
 * holds with any client.
 *
 * @throws CacheError `STORAGE_UNAVAILABLE` if it takes longer
 */
export function withinLimit<Answer>(answer: Promise<Answer>, limit: number): Promise<Answer> {
  return withDeadline(
    answer,
    limit,
    systemClock,
    () => new CacheError('STORAGE_UNAVAILABLE', `mongodb: the server has not answered within ${limit} ms`),
  )
}
