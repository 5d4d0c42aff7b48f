/** Starts measuring real time. @returns a function that tells the nanoseconds since */
export function stopwatch(): () => number {
  const from = performance.now()
  return () => (performance.now() - from) * 1e6
}
