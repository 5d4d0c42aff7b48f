import type { Clock } from '../../kernel/clock.ts'
import { CacheError } from '../../kernel/errors.ts'
import { excessOf, refusalOf, writeItem, type NamedKey } from './item-commands.ts'
import { ItemLooker, type OpenWish, type Seen } from './item-look.ts'
import type { Item } from './item.ts'
import { metaDelete, type MetaCommand } from './meta-command.ts'
import { isDone } from './reply-parser.ts'
import type { Stamp } from './root.ts'
import type { Server } from './server.ts'
import type { Session } from './session.ts'

// Each time somebody else was faster, so at least the others get on. It is an end all the same.
const mostRounds = 1_000

/**
 * Changes items by compare-and-set: all are looked at in one round trip, what is decided on them is done in a second,
 * each only if nothing has changed in between; to whom somebody else was faster, looks again.
 *
 * What is written carries the stamp of the root as it was when it was looked at. If something was cleared in between,
 * it counts no longer, as if it had been written before the clear.
 */
export class ItemExchange {
  readonly #server: Server
  readonly #clock: Clock
  readonly #looker: ItemLooker

  constructor(server: Server, clock: Clock) {
    this.#server = server
    this.#clock = clock
    this.#looker = new ItemLooker(clock)
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
    const { root, looks } = await this.#looker.look(session, wishes)
    const now = this.#clock.now()
    const again: Placed<Answer>[] = []
    const writes: Write<Answer>[] = []
    for (const [index, one] of wishes.entries()) {
      const look = looks[index]
      if (look === undefined || look.state === 'unseen') again.push(one)
      else if (look.state === 'refused') failures.push(look.refusal)
      else if (look.state === 'done') answers[one.place] = look.decision.answer
      else {
        const { change, answer } = one.wish.decide(look.item, now)
        const command = commandFor(one, change, look, root.root, now)
        const excess = command && excessOf(command, session.largestItem, one)
        if (excess !== undefined) failures.push(excess)
        else if (command !== undefined) writes.push({ one, command, answer })
        else answers[one.place] = answer
      }
    }
    const replies = await session.ask(writes.map(({ command }) => command))
    for (const [index, { one, answer }] of writes.entries()) {
      const reply = replies[index]
      const refusal = refusalOf(reply, one)
      if (refusal !== undefined) failures.push(refusal)
      else if (isDone(reply)) answers[one.place] = answer
      else again.push(one)
    }
    return again
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

/** @returns `undefined` if there is nothing to do */
function commandFor(
  name: NamedKey,
  change: Item | 'keep' | 'delete',
  { item, cas, secondsLeft }: Seen,
  stamp: Stamp,
  now: number,
): MetaCommand | undefined {
  if (change === 'keep') return undefined
  if (change === 'delete') return cas === undefined ? undefined : metaDelete(name.wire, `C${cas}`)
  // An entry that ends when it would have: the server's own count must not start anew, or it would outlive its time.
  const left = change.stored !== undefined && change.expiresAt === item?.expiresAt ? secondsLeft : undefined
  return writeItem(name, { item: change, stamp }, cas === undefined ? 'ME' : `C${cas}`, now, left)
}

function tooBusy(): CacheError {
  const message = `memcached: an item was changed by others ${mostRounds} times while it was to be changed here`
  return new CacheError('STORAGE_UNAVAILABLE', message)
}
