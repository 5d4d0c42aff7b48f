const longest = 32

/**
 * Waits before try number `attempt`, from 1 on. The delays are drawn at random, or those who collided once would collide
 * again. It keeps the process alive: somebody's write depends on it.
 */
export function backOff(attempt: number): Promise<void> {
  const ceiling = Math.min(longest, 2 ** attempt)
  return new Promise((resolve) => setTimeout(resolve, ceiling * Math.random()))
}
