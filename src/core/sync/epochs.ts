import type { Chance } from '../../kernel/chance.ts'

// No copy carries it.
const nobody = -1

// Epochs are counted from anywhere below, so that a copy which another process has left behind is of none of this one's.
const highestStart = 2 ** 29

/**
 * Which copies may be served as they are, as numbers that are compared. An epoch is a stretch of time in which a feed was
 * unbroken, or broken all along. A copy carries the epoch in which its flight began, so a copy from before a break is told
 * from one after it, however late it was written.
 *
 * Where no feed is followed everything is of epoch 0, and copies answer for as long as their ttl lets them.
 */
export class Epochs {
  /** Copies of this epoch are served without a look below. While the feed is broken no copy is of it. */
  trusted = 0
  /** What a flight that begins now marks its copies with. */
  stamp = 0
  /** What is kept while neither feed nor authority can be had is marked with: served without a look, for a moment. */
  emergency = 0
  /** When this epoch began. */
  since: number = -Infinity
  /** Suspect copies about which the authority was asked. */
  verifiedCount = 0
  #number: number

  constructor(chance?: Chance) {
    this.#number = chance === undefined ? 0 : 1 + Math.floor(chance.fraction() * highestStart)
  }

  /** Begins an epoch in which nothing is missed. */
  follow(now: number): void {
    this.#begin(now)
    this.trusted = this.emergency = this.stamp
  }

  /** Begins an epoch in which changes may be missed. */
  goBlind(now: number): void {
    this.#begin(now)
    this.trusted = nobody
    this.emergency = -this.stamp
  }

  /** Whether a copy of some epoch may be served as it is. */
  trusts(epoch: number): boolean {
    return epoch === this.trusted || epoch === this.emergency
  }

  #begin(now: number): void {
    this.stamp = ++this.#number
    this.since = now
  }
}

/** The epoch of everything that no feed covers. */
export const unfed: Epochs = Object.seal(new Epochs())
