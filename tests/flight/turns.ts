/** One turn of the event loop: every chain of promises that waits for nothing outside has run to its end. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A promise and what settles it. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>
  resolve(value: Value): void
  reject(error: unknown): void
}

export function deferred<Value = void>(): Deferred<Value> {
  let parts: Omit<Deferred<Value>, 'promise'> | undefined
  const promise = new Promise<Value>((resolve, reject) => {
    parts = { resolve, reject }
  })
  return Object.assign({ promise }, parts)
}
