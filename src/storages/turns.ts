/** How long a stretch of synchronous work may hold up the event loop: what a person would not notice in a request. */
const sliceMilliseconds = 8

/** Begins a stretch of synchronous work. Real time, whatever the clock: a virtual one stands still meanwhile. */
export function beginSlice(): { isOver(): boolean } {
  const end = performance.now() + sliceMilliseconds
  return { isOver: () => performance.now() >= end }
}

let current: ReturnType<typeof beginSlice> | undefined

/**
 * The stretch of this turn of the event loop, begun by whoever works first in it: many short reads, one awaited after
 * the other, hold it up as much as a long one.
 */
export function sliceOfThisTurn(): { isOver(): boolean } {
  if (current === undefined) {
    current = beginSlice()
    setImmediate(() => (current = undefined)).unref()
  }
  return current
}

/** Lets the event loop do what else it has to do. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
