import type { Clock } from '../../kernel/clock.ts'
import type { CacheError } from '../../kernel/errors.ts'
import { HeldLeases } from './held-leases.ts'
import type { Decision, Wish } from './item-changes.ts'
import { excessOf, itemIn, refusalOf, writeItem, type NamedKey } from './item-commands.ts'
import type { Item } from './item.ts'
import { metaGet, type MetaCommand } from './meta-command.ts'
import { flagIn, isDone, type Reply } from './reply-parser.ts'
import type { KnownRoot } from './root-keeper.ts'
import type { Session } from './session.ts'

/** A wish that has not been answered yet. */
export interface OpenWish<Answer> extends NamedKey {
  readonly wish: Wish<Answer>
}

/** What a look at a key has brought. */
export type Look<Answer> =
  /** What was guessed is done. */
  | { readonly state: 'done'; readonly decision: Decision<Answer> }
  /** What was guessed was refused, and would be again. */
  | { readonly state: 'refused'; readonly refusal: CacheError }
  /** The guess was wrong, and nothing was seen. */
  | { readonly state: 'unseen' }
  | ({ readonly state: 'seen' } & Seen)

export interface Seen {
  /** What stands there and counts. */
  readonly item: Item | undefined
  /** Of whatever stands there, counting or not. */
  readonly cas: string | undefined
  /** What the server gives it, if it gives it an end. */
  readonly secondsLeft: number | undefined
}

/**
 * Looks at what stands under keys, in one round trip. Two guesses may spare the next: where nothing is expected to
 * stand, it is added without having looked, and looked at behind that; and what a lease of ours has made is replaced
 * if it still has the cas it was made with.
 */
export class ItemLooker {
  readonly #clock: Clock
  readonly #held = new HeldLeases()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @returns the root by which it was judged what counts, and a look for each wish */
  async look<Answer>(
    session: Session,
    wishes: readonly OpenWish<Answer>[],
  ): Promise<{ readonly root: KnownRoot; readonly looks: readonly Look<Answer>[] }> {
    const before = await session.root.knownOrMade()
    const now = this.#clock.now()
    const commands: MetaCommand[] = []
    const steps = wishes.map((one): Step<Answer> => {
      const guess = this.#guess(one, session, before, now)
      const written = guess && commands.push(guess.command) - 1
      const read = guess?.isOfLease === true ? undefined : commands.push(metaGet(one.wire, 'v f c t')) - 1
      return { one, guess, written, read }
    })
    const replies = await session.ask([...commands, session.root.probe()])
    const root = await session.root.seenOrMade(replies.at(-1))
    return { root, looks: steps.map((step) => this.#see(step, replies, { before, root })) }
  }

  #guess<Answer>(
    one: OpenWish<Answer>,
    session: Session,
    { root, counts }: KnownRoot,
    now: number,
  ): Guess<Answer> | undefined {
    const { key, wish } = one
    const held = wish.underLease === undefined ? undefined : this.#held.take(key, wish.underLease)
    const isHeld = held !== undefined && counts(key, held.stamp)
    if (!isHeld && wish.isForNothing !== true) return undefined
    const decision = wish.decide(held && { expiresAt: 0, lease: held.lease }, now)
    if (typeof decision.change !== 'object') return undefined
    const mode = isHeld ? `C${held.cas}` : 'ME'
    const command = writeItem(one, { item: decision.change, stamp: root }, mode, now)
    if (excessOf(command, session.largestItem, one) !== undefined) return undefined
    return { decision, change: decision.change, command, isOfLease: isHeld }
  }

  #see<Answer>(
    { one, guess, written, read }: Step<Answer>,
    replies: readonly (Reply | undefined)[],
    { before, root }: { readonly before: KnownRoot; readonly root: KnownRoot },
  ): Look<Answer> {
    const seen = read === undefined ? undefined : seenIn(replies[read], one, root)
    const answer = written === undefined ? undefined : replies[written]
    if (guess !== undefined && isDone(answer) && root.counts(one.key, before.root)) {
      this.#remember(one.key, guess.change, seen, before)
      return { state: 'done', decision: guess.decision }
    }
    if (seen !== undefined) return { state: 'seen', ...seen }
    const refusal = refusalOf(answer, one)
    return refusal === undefined ? { state: 'unseen' } : { state: 'refused', refusal }
  }

  #remember(key: string, { lease }: Item, seen: Seen | undefined, { root }: KnownRoot): void {
    // Somebody may have been there between the two commands.
    if (lease === undefined || seen?.cas === undefined || seen.item?.lease?.token !== lease.token) return
    this.#held.remember(key, { lease, cas: seen.cas, stamp: root })
  }
}

/** What was sent for a wish, and where among the commands. */
interface Step<Answer> {
  readonly one: OpenWish<Answer>
  readonly guess: Guess<Answer> | undefined
  readonly written: number | undefined
  readonly read: number | undefined
}

interface Guess<Answer> {
  readonly decision: Decision<Answer>
  readonly change: Item
  readonly command: MetaCommand
  readonly isOfLease: boolean
}

function seenIn(reply: Reply | undefined, name: NamedKey, root: KnownRoot): Seen {
  return {
    item: itemIn(reply, name, root),
    cas: reply && flagIn(reply, 'c'),
    secondsLeft: reply && Number(flagIn(reply, 't')),
  }
}
