/**
 * What went wrong, in one word a program can branch on.
 *
 * - `INVALID_OPTION`: a definition or an argument makes no sense; nothing was done.
 * - `UNKEYABLE`: arguments that can't be turned into a key without risking that two of them share one.
 * - `UNSERIALIZABLE`: a value its serializer can't carry unchanged; nothing was written.
 * - `UNREADABLE`: stored bytes that are not ours, or of another format.
 * - `STORAGE_UNAVAILABLE`: a storage failed, or did not answer within its time limit.
 * - `UNSUPPORTED`: a storage lacks the capability that was asked for.
 * - `LOAD_TIMEOUT`: a load passed its hard limit.
 * - `LOAD_OVERLOADED`: too many loads of the node passed their limit and are still running.
 * - `LOAD_MISMATCH`: a `loadMany` answered with a list of another length than it was asked for.
 * - `CLOSED`: the cache or the storage has been closed.
 */
export type CacheErrorCode =
  | 'INVALID_OPTION'
  | 'UNKEYABLE'
  | 'UNSERIALIZABLE'
  | 'UNREADABLE'
  | 'STORAGE_UNAVAILABLE'
  | 'UNSUPPORTED'
  | 'LOAD_TIMEOUT'
  | 'LOAD_OVERLOADED'
  | 'LOAD_MISMATCH'
  | 'CLOSED'

/** The one error Tiercel throws. A failing load is not wrapped: its own error reaches the caller. */
export class CacheError extends Error {
  override readonly name = 'CacheError'
  readonly code: CacheErrorCode

  /**
   * @param code what went wrong, to branch on
   * @param message what was expected, what came, and what to do
   * @param options the error underneath, as `cause`
   */
  constructor(code: CacheErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** Makes the error for an option that was refused: where it stands, what was expected, what came. */
export function invalidOption(where: string, expected: string, came: unknown): CacheError {
  return new CacheError('INVALID_OPTION', `${where}: expected ${expected}, got ${describe(came)}`)
}

/** A value as a reader recognises it in a message: short, quoted, never a dump. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'symbol') return value.toString()
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return `an object (${classNameOf(value)})`
  return String(value)
}

/** The name of an object's class, for messages. */
export function classNameOf(value: object): string {
  const { constructor } = value as { readonly constructor?: { readonly name?: unknown } }
  return typeof constructor?.name === 'string' ? constructor.name : 'no class'
}
