import { CacheError } from '../../src/kernel/errors.ts'

/** The CacheError that a call throws, to look at. */
export function refusalOf(call: () => unknown): CacheError {
  try {
    call()
  } catch (error) {
    return cacheError(error)
  }
  throw new Error('nothing was thrown')
}

/** The CacheError that a promise rejects with, to look at. */
export async function rejectionOf(promise: Promise<unknown>): Promise<CacheError> {
  return promise.then(() => {
    throw new Error('nothing was rejected')
  }, cacheError)
}

function cacheError(error: unknown): CacheError {
  if (error instanceof CacheError) return error
  throw new Error('expected a CacheError', { cause: error })
}
