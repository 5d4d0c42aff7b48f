import type { Clock } from '../../kernel/clock.ts'
import { CacheError } from '../../kernel/errors.ts'
import type { Decision, Wish } from './item-changes.ts'
import { excessOf, itemIn, refusalOf, writeItem, type NamedKey } from './item-commands.ts'
import type { Item } from './item.ts'
import { metaDelete, metaGet, type MetaCommand } from './meta-command.ts'
import { flagIn, isDone } from './reply-parser.ts'
import type { Stamp } from './root.ts'
import type { Server } from './server.ts'
import type { Session } from './session.ts'

// Each time somebody else was faster, so at least the others get on. It is an end all the same.
const mostRounds = 1_000

/** A wish that has not been answered yet. */
export interface OpenWish<Answer> extends NamedKey {
  readonly wish: Wish<Answer>
}

/**
 * Changes items by compare-and-set: all are looked at in one round trip, what is decided on them is done in a second,
 * each only if nothing has changed in between; to whom somebody else was faster, looks again. Where nothing is
 * expected to stand, one round trip does: it is added without having looked, and looked at behind that.
 *
 * What is written carries the stamp of the root as it was when it was looked at. If something was cleared in between,
 * it counts no longer, as if it had been written before the clear.
 */
export class ItemExchange {
  readonly #server: Server
  readonly #clock: Clock

  constructor(server: Server, clock: Clock) {
    this.#server = server
    this.#clock = clock
  }

  /** Answers all wishes. Of one key twice, the later finds what the earlier has left. */
  async run<Answer>(wishes: readonly OpenWish<Answer>[]): Promise<Answer[]> {
    const outcomes: Outcomes<Answer> = { answers: new Array<Answer>(wishes.length), failures: [] }
    let left: readonly Placed<Answer>[] = wishes.map((wish, place) => ({ ...wish, place }))
    for (let round = 0; left.length > 0; round++) {
      if (round === mostRounds) throw tooBusy()
      const session = await this.#server.session()
      const { first, later } = firstOfEachKey(left)
      const again = await this.#round(session, first, outcomes)
      left = [...again, ...later]
    }
    const [failure] = outcomes.failures
    if (failure !== undefined) throw failure
    return outcomes.answers
  }

  /** @returns those to whom somebody else was faster */
  async #round<Answer>(
    session: Session,
    wishes: readonly Placed<Answer>[],
    { answers, failures }: Outcomes<Answer>,
  ): Promise<readonly Placed<Answer>[]> {
    const { stamp, looks } = await this.#look(session, wishes)
    const now = this.#clock.now()
    const writes: Write<Answer>[] = []
    for (const [index, one] of wishes.entries()) {
      const look = looks[index] as Look<Answer>
      const { change, answer } = look.done ?? one.wish.decide(look.item, now)
      const isNothing = change === 'keep' || (change === 'delete' && look.cas === undefined)
      if (look.done !== undefined || isNothing) {
        answers[one.place] = answer
        continue
      }
      const command = commandFor(one, change, look, stamp, now)
      const excess = excessOf(command, session.largestItem, one)
      if (excess === undefined) writes.push({ one, command, answer })
      else failures.push(excess)
    }
    if (writes.length === 0) return []

    const replies = await session.ask(writes.map(({ command }) => command))
    const again = writes.filter(({ one, answer }, index) => {
      const reply = replies[index]
      const refusal = refusalOf(reply, one)
      if (refusal !== undefined) failures.push(refusal)
      else if (isDone(reply)) answers[one.place] = answer
      else return true
      return false
    })
    return again.map(({ one }) => one)
  }

  /** What stands under the keys; and where nothing was expected and nothing stood, what was to be written is. */
  async #look<Answer>(
    session: Session,
    wishes: readonly Placed<Answer>[],
  ): Promise<{ readonly stamp: Stamp; readonly looks: readonly Look<Answer>[] }> {
    const before = (await session.root.knownOrMade()).root
    const now = this.#clock.now()
    const commands: MetaCommand[] = []
    const steps = wishes.map((one) => {
      const guess = one.wish.isForNothing === true ? one.wish.decide(undefined, now) : undefined
      if (typeof guess?.change !== 'object') return { guess: undefined, read: commands.push(lookAt(one)) - 1 }
      commands.push(writeItem(one, { item: guess.change, stamp: before }, 'ME', now))
      return { guess, read: commands.push(lookAt(one)) - 1 }
    })
    const replies = await session.ask([...commands, session.root.probe()])
    const after = await session.root.seenOrMade(replies.at(-1))
    const looks = wishes.map((one, index): Look<Answer> => {
      const { guess, read } = steps[index] as (typeof steps)[number]
      const isAdded = guess !== undefined && isDone(replies[read - 1])
      const reply = replies[read]
      return {
        done: isAdded && after.counts(one.key, before) ? guess : undefined,
        item: itemIn(reply, one, after),
        cas: reply && flagIn(reply, 'c'),
        secondsLeft: reply && Number(flagIn(reply, 't')),
      }
    })
    return { stamp: after.root, looks }
  }
}

interface Placed<Answer> extends OpenWish<Answer> {
  readonly place: number
}

interface Outcomes<Answer> {
  readonly answers: Answer[]
  readonly failures: CacheError[]
}

interface Write<Answer> {
  readonly one: Placed<Answer>
  readonly command: MetaCommand
  readonly answer: Answer
}

/** What was found under a key. */
interface Look<Answer> {
  /** What was done there already. */
  readonly done: Decision<Answer> | undefined
  /** What stands there and counts. */
  readonly item: Item | undefined
  /** Of whatever stands there, counting or not. */
  readonly cas: string | undefined
  readonly secondsLeft: number | undefined
}

function firstOfEachKey<Answer>(wishes: readonly Placed<Answer>[]): {
  readonly first: readonly Placed<Answer>[]
  readonly later: readonly Placed<Answer>[]
} {
  const seen = new Set<string>()
  const later: Placed<Answer>[] = []
  const first = wishes.filter((one) => {
    if (!seen.has(one.key)) return seen.add(one.key)
    later.push(one)
    return false
  })
  return { first, later }
}

function lookAt({ wire }: NamedKey): MetaCommand {
  return metaGet(wire, 'v f c t')
}

function commandFor(
  one: NamedKey,
  change: Item | 'delete',
  { item, cas, secondsLeft }: Look<unknown>,
  stamp: Stamp,
  now: number,
): MetaCommand {
  if (change === 'delete') return metaDelete(one.wire, `C${cas}`)
  // An entry that ends when it would have: the server's own count must not start anew, or it would outlive its time.
  const left = change.stored !== undefined && change.expiresAt === item?.expiresAt ? secondsLeft : undefined
  return writeItem(one, { item: change, stamp }, cas === undefined ? 'ME' : `C${cas}`, now, left)
}

function tooBusy(): CacheError {
  const message = `memcached: an item was changed by others ${mostRounds} times while it was to be changed here`
  return new CacheError('STORAGE_UNAVAILABLE', message)
}
