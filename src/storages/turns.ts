/** How long a stretch of synchronous work may hold up the event loop: what a person would not notice in a request. */
const sliceMilliseconds = 8

/** Begins a stretch of synchronous work. Real time, whatever the clock: a virtual one stands still meanwhile. */
export function beginSlice(): { isOver(): boolean } {
  const end = performance.now() + sliceMilliseconds
  return { isOver: () => performance.now() >= end }
}

/** Lets the event loop do what else it has to do. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
