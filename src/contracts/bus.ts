/**
 * A way to tell everybody something: what `withBus` makes a feed of. Heartbeats, numbers that show what was lost, and
 * joining again after a break are not its business.
 */
export interface Bus {
  /** What it is, for errors: `redis`, `postgres`, … */
  readonly type: string
  /** The longest message it takes, in characters. Absent: none worth knowing. */
  readonly longestMessage?: number
  /**
   * Takes part. Resolves when everything that is published from now on, by whomever, will be heard by the listener:
   * what oneself publishes too.
   * @throws why it can't be done, within some seconds
   */
  join(listener: BusListener): Promise<BusSeat>
}

/** Who listens on a bus. Neither of these throws. */
export interface BusListener {
  /** Something was published. Messages of one seat come in the order in which they were published. */
  message(text: string): void
  /** Nothing more will be heard on this seat. */
  lost(cause: unknown): void
}

/** A place on a bus. It doesn't keep the process alive. */
export interface BusSeat {
  /**
   * Tells everybody who has joined.
   * @param text printable ASCII, so that it goes through anything
   * @throws if it may not have been taken
   */
  publish(text: string): Promise<void>
  /** Neither hears nor says anything any more. Idempotent. */
  leave(): Promise<void>
}
