import type { Clock } from '../kernel/clock.ts'

/** A clock that stands still until it is turned. */
export interface VirtualClock extends Clock {
  /**
   * Turns the clock on. Timers fire in the order they are due, each at its own moment, and what they and everybody
   * else promised settles in between; a timer set meanwhile fires too, if it is due in time.
   */
  advance(milliseconds: number): Promise<void>
  /** As {@link advance}, for code without promises: nothing settles in between. */
  tick(milliseconds: number): void
  /** Timers that are set and have not fired. */
  readonly timerCount: number
}

/** 1 January 2026, 00:00 UTC: a day on which nothing happened. */
const newYear = Date.UTC(2026, 0, 1)

/** Time for tests: it passes when it is told to. */
export function virtualClock(options: { readonly start?: number } = {}): VirtualClock {
  let now = options.start ?? newYear
  const timers: VirtualTimer[] = []

  const nextUntil = (end: number): VirtualTimer | undefined => {
    const [first] = timers
    if (first === undefined || first.due > end) return undefined
    timers.shift()
    // A timer can be due in the past only if it was set for "at once".
    now = Math.max(now, first.due)
    return first
  }

  return {
    now: () => now,
    after(milliseconds, callback) {
      const timer = { due: now + Math.max(0, milliseconds), callback }
      timers.splice(placeFor(timer, timers), 0, timer)
      return {
        cancel() {
          const place = timers.indexOf(timer)
          if (place !== -1) timers.splice(place, 1)
        },
      }
    },
    async advance(milliseconds) {
      const end = now + milliseconds
      await settled()
      for (let timer = nextUntil(end); timer !== undefined; timer = nextUntil(end)) {
        timer.callback()
        await settled()
      }
      now = end
      await settled()
    },
    tick(milliseconds) {
      const end = now + milliseconds
      for (let timer = nextUntil(end); timer !== undefined; timer = nextUntil(end)) timer.callback()
      now = end
    },
    get timerCount() {
      return timers.length
    },
  }
}

interface VirtualTimer {
  readonly due: number
  readonly callback: () => void
}

/** Behind every timer that is due at the same moment or before: of two, the one set first fires first. */
function placeFor(timer: VirtualTimer, timers: readonly VirtualTimer[]): number {
  const place = timers.findLastIndex(({ due }) => due <= timer.due)
  return place + 1
}

/** One turn of the event loop: every chain of promises that waits for nothing outside has run to its end. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
