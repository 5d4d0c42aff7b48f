import type { Stored } from '../../contracts/storage.ts'
import { CacheError } from '../../kernel/errors.ts'
import type { Entry, Wish } from './item-changes.ts'
import { rendezvous } from './rendezvous.ts'
import type { Shelf } from './shelf.ts'

/**
 * All servers of a storage, as one. Each call goes to the servers whose keys it names, side by side, and fails if one
 * of them does; it has ended everywhere when it ends.
 */
export class Shelves {
  readonly #shelves: readonly Shelf[]
  readonly #shareOf: (key: string) => number

  /** @param named the same names in every process share out the keys alike */
  constructor(named: readonly { readonly name: string; readonly shelf: Shelf }[]) {
    this.#shelves = named.map(({ shelf }) => shelf)
    this.#shareOf = rendezvous(named.map(({ name }) => name))
  }

  /** Connects. Those that can be reached are enough: each share is up or down by itself. */
  async open(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#shelves.map((shelf) => shelf.open()))
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected')
    for (const { reason } of failures) if (reason instanceof CacheError && reason.code === 'UNSUPPORTED') throw reason
    if (failures.length === outcomes.length) throw failures[0]?.reason
  }

  get(keys: readonly string[]): Promise<(Stored | undefined)[]> {
    return this.#each(
      keys,
      (key) => key,
      (shelf, share) => shelf.get(share),
    )
  }

  async set(entries: readonly { readonly key: string; readonly entry: Entry }[]): Promise<void> {
    await this.#each(
      entries,
      ({ key }) => key,
      async (shelf, share) => {
        await shelf.set(share)
        return share
      },
    )
  }

  change<Answer>(wishes: readonly Wish<Answer>[]): Promise<Answer[]> {
    return this.#each(
      wishes,
      ({ key }) => key,
      (shelf, share) => shelf.change(share),
    )
  }

  async delete(keys: readonly string[]): Promise<number> {
    const counts = await all(this.#shares(keys, (key) => key).map(({ shelf, share }) => shelf.delete(share)))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  async clear(prefix: string): Promise<void> {
    await all(this.#shelves.map((shelf) => shelf.clear(prefix)))
  }

  /** What each server says of itself. */
  stats(): Promise<ReadonlyMap<string, string>[]> {
    return all(this.#shelves.map((shelf) => shelf.stats()))
  }

  close(): void {
    for (const shelf of this.#shelves) shelf.close()
  }

  /** Asks each server about its share, and puts the answers in the order of the questions. */
  async #each<Question, Answer>(
    questions: readonly Question[],
    keyOf: (question: Question) => string,
    ask: (shelf: Shelf, share: readonly Question[]) => Promise<readonly Answer[]>,
  ): Promise<Answer[]> {
    const [only] = this.#shelves
    if (this.#shelves.length === 1 && only !== undefined) return [...(await ask(only, questions))]
    const answers = new Array<Answer>(questions.length)
    const shares = this.#shares(questions, keyOf)
    await all(
      shares.map(async ({ shelf, share, places }) => {
        const found = await ask(shelf, share)
        for (const [index, place] of places.entries()) answers[place] = found[index] as Answer
      }),
    )
    return answers
  }

  #shares<Question>(questions: readonly Question[], keyOf: (question: Question) => string): readonly Share<Question>[] {
    const shares = this.#shelves.map((shelf): Share<Question> => ({ shelf, share: [], places: [] }))
    for (const [place, question] of questions.entries()) {
      const one = shares[this.#shareOf(keyOf(question))] as Share<Question>
      one.share.push(question)
      one.places.push(place)
    }
    return shares.filter(({ share }) => share.length > 0)
  }
}

interface Share<Question> {
  readonly shelf: Shelf
  readonly share: Question[]
  readonly places: number[]
}

/** Waits for all, also when one fails: what was called must have ended before the call does. */
async function all<Answer>(attempts: readonly Promise<Answer>[]): Promise<Answer[]> {
  const outcomes = await Promise.allSettled(attempts)
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}
