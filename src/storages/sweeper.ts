import type { Clock } from '../kernel/clock.ts'

/** Sweeping, from time to time. */
export interface Sweeper {
  stop(): void
}

/**
 * Sweeps every so often, one sweep at a time, without keeping the process alive. A sweep that fails is tried again at
 * the next time: it serves nobody in particular, and operations that are asked for will report the same fault.
 */
export function sweepRegularly(clock: Clock, every: number, sweep: () => Promise<unknown>): Sweeper {
  if (every === Infinity) return { stop: () => undefined }

  const sweepAndWait = (): void => {
    sweep()
      .catch(() => undefined)
      .finally(wait)
  }
  let isStopped = false
  let timer = clock.after(every, sweepAndWait)
  function wait(): void {
    if (!isStopped) timer = clock.after(every, sweepAndWait)
  }
  return {
    stop() {
      isStopped = true
      timer.cancel()
    },
  }
}
