/** A timer that was set; it never keeps the process alive. */
export interface Timer {
  cancel(): void
}

/**
 * Time, as a guest: everything that waits or ages asks the clock it was given, so that tests can turn it.
 */
export interface Clock {
  /**
   * Milliseconds since 1970 as this process counts them: anchored at its start and never going backwards,
   * whatever is done to the wall clock meanwhile.
   */
  now(): number
  /** Calls back once, `milliseconds` from now. */
  after(milliseconds: number, callback: () => void): Timer
}

// Node clips longer timers to 1 ms; nothing we time is meant to last 24 days.
const longestTimer = 2 ** 31 - 1

const origin = performance.timeOrigin

/** The real time. */
export const systemClock: Clock = {
  now: () => origin + performance.now(),
  after(milliseconds, callback) {
    const timeout = setTimeout(callback, Math.min(milliseconds, longestTimer))
    timeout.unref()
    return { cancel: () => clearTimeout(timeout) }
  },
}
