import type { Clock } from '../kernel/clock.ts'

/**
 * Waits for a promise, but not for ever.
 *
 * @param limit milliseconds; `Infinity` waits as long as it takes
 * @param onTimeout makes the error to reject with. What the promise does afterwards is nobody's concern.
 */
export function withDeadline<Value>(
  promise: Promise<Value>,
  limit: number,
  clock: Clock,
  onTimeout: () => Error,
): Promise<Value> {
  if (limit === Infinity) return promise
  return new Promise((resolve, reject) => {
    const timer = clock.after(limit, () => reject(onTimeout()))
    promise.then(
      (value) => {
        timer.cancel()
        resolve(value)
      },
      (error: unknown) => {
        timer.cancel()
        reject(error)
      },
    )
  })
}

/** Resolves after so many milliseconds. */
export function pause(milliseconds: number, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    clock.after(milliseconds, resolve)
  })
}
