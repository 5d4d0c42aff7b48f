import { CacheError } from '../kernel/errors.ts'

/** The error for stored bytes that are not ours, or of another format. */
export function unreadable(what: string): CacheError {
  return new CacheError('UNREADABLE', `stored bytes can't be read: ${what}`)
}
