import type { Clock } from '../../kernel/clock.ts'

// A sample this old says less than a wider one of now: clocks drift.
const longestTrust = 60_000

/**
 * What is known of a storage's clock. An answer that tells the time lies somewhere between the question and its arrival, so
 * the difference is known only to within the round trip; the narrowest sample counts. Moments are turned so that an
 * entry's life can only be shortened by what isn't known, never prolonged.
 */
export class Timeline {
  readonly #clock: Clock
  #least = 0
  #most = 0
  #width = Infinity
  #learnedAt = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Asks for the time and learns from the answer. */
  async sample<Answer>(ask: () => Promise<Answer>, timeOf: (answer: Answer) => number | undefined): Promise<Answer> {
    const asked = this.#clock.now()
    const answer = await ask()
    const told = timeOf(answer)
    if (told !== undefined) this.#learn(told, asked, this.#clock.now())
    return answer
  }

  /** A moment of this process, on the storage's clock. */
  toStorage(moment: number): number {
    return moment + this.#least
  }

  /** A moment of the storage's, on this process's clock. */
  fromStorage(moment: number): number {
    return moment - this.#most
  }

  #learn(told: number, asked: number, answered: number): void {
    const width = answered - asked
    if (width > this.#width && answered - this.#learnedAt < longestTrust) return
    this.#least = told - answered
    this.#most = told - asked
    this.#width = width
    this.#learnedAt = answered
  }
}
