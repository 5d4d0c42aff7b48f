import { systemClock, type Clock } from '../kernel/clock.ts'

/**
 * The clock on the wall of this machine: what other processes and the next start of this one see too, so it is
 * the clock of what they share through a file. Unlike the system clock of the kernel it can be set back.
 */
export const wallClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, callback) => systemClock.after(milliseconds, callback),
}
