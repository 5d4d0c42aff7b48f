import type { Clock } from '../../src/kernel/clock.ts'

/** Time that stands still until it is turned, and counts how often it was asked. */
export class StillClock implements Clock {
  time = 1_700_000_000_000
  asked = 0

  now(): number {
    this.asked++
    return this.time
  }

  after(): { cancel: () => void } {
    throw new Error('a memory cache sets no timers')
  }

  turn(milliseconds: number): void {
    this.time += milliseconds
  }
}
