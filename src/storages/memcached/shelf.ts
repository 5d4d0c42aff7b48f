import type { Stored } from '../../contracts/storage.ts'
import type { Clock } from '../../kernel/clock.ts'
import { CacheError } from '../../kernel/errors.ts'
import { alive, type Entry, type Wish } from './item-changes.ts'
import { excessOf, itemIn, refusalOf, writeItem, type NamedKey } from './item-commands.ts'
import { ItemExchange } from './item-exchange.ts'
import { metaDelete, metaGet, type MetaCommand } from './meta-command.ts'
import type { Server } from './server.ts'
import { wireKey } from './wire-key.ts'

// Each time somebody has cleared meanwhile. It is an end all the same.
const mostRounds = 100

/** The part of a storage that one server holds. */
export class Shelf {
  readonly #server: Server
  readonly #namespace: string
  readonly #clock: Clock
  readonly #exchange: ItemExchange

  constructor(server: Server, namespace: string, clock: Clock) {
    this.#server = server
    this.#namespace = namespace
    this.#clock = clock
    this.#exchange = new ItemExchange(server, clock)
  }

  /** Connects, if it isn't. */
  async open(): Promise<void> {
    await this.#server.session()
  }

  /** Lets go of the server. */
  close(): void {
    this.#server.close()
  }

  /** What the server says of itself. */
  async stats(): Promise<ReadonlyMap<string, string>> {
    const session = await this.#server.session()
    return session.stats()
  }

  /** The entries under these keys. */
  async get(keys: readonly string[]): Promise<(Stored | undefined)[]> {
    const session = await this.#server.session()
    const names = keys.map((key) => this.#name(key))
    const replies = await session.ask([...names.map(({ wire }) => metaGet(wire, 'v f')), session.root.probe()])
    const root = await session.root.seen(replies.at(-1))
    const now = this.#clock.now()
    return names.map((name, index) => alive(itemIn(replies[index], name, root), now).stored)
  }

  /** Writes entries, whatever is there. If one is refused the call fails; the others are written. */
  async set(entries: readonly { readonly key: string; readonly entry: Entry }[]): Promise<void> {
    const failures: CacheError[] = []
    let left = entries.map(({ key, entry }): Writing => ({ name: this.#name(key), entry }))
    for (let round = 0; left.length > 0; round++) {
      if (round === mostRounds) throw alwaysCleared()
      const session = await this.#server.session()
      const { root } = await session.root.knownOrMade()
      const now = this.#clock.now()
      const sent: Writing[] = []
      const commands: MetaCommand[] = []
      for (const one of left) {
        const command = writeItem(one.name, { item: one.entry, stamp: root }, '', now)
        const excess = excessOf(command, session.largestItem, one.name)
        if (excess !== undefined) failures.push(excess)
        if (excess !== undefined) continue
        commands.push(command)
        sent.push(one)
      }
      commands.push(session.root.probe())
      const replies = await session.ask(commands)
      const after = await session.root.seenOrMade(replies.at(-1))
      left = sent.filter(({ name }, index) => {
        const refusal = refusalOf(replies[index], name)
        if (refusal !== undefined) failures.push(refusal)
        // Cleared since it was known what had been cleared: perhaps before this was written, which then must count.
        return refusal === undefined && !after.counts(name.key, root)
      })
    }
    const [failure] = failures
    if (failure !== undefined) throw failure
  }

  /** Deletes whatever is there. @returns how many entries there were */
  async delete(keys: readonly string[]): Promise<number> {
    const session = await this.#server.session()
    const names = keys.map((key) => this.#name(key))
    const commands = names.flatMap(({ wire }) => [metaGet(wire, 'v f'), metaDelete(wire, '')])
    const replies = await session.ask([...commands, session.root.probe()])
    const root = await session.root.seen(replies.at(-1))
    const now = this.#clock.now()
    let count = 0
    for (const [index, name] of names.entries()) {
      const refusal = refusalOf(replies[2 * index + 1], name)
      if (refusal !== undefined) throw refusal
      if (alive(itemIn(replies[2 * index], name, root), now).stored !== undefined) count++
    }
    return count
  }

  /** Fulfils wishes, each on what stands there at that moment. */
  change<Answer>(wishes: readonly Wish<Answer>[]): Promise<Answer[]> {
    return this.#exchange.run(wishes.map((wish) => ({ ...this.#name(wish.key), wish })))
  }

  /** Makes everything whose key starts with the prefix absent. */
  async clear(prefix: string): Promise<void> {
    const session = await this.#server.session()
    await session.root.clear(prefix)
  }

  #name(key: string): NamedKey {
    return { key, wire: wireKey(this.#namespace, key) }
  }
}

interface Writing {
  readonly name: NamedKey
  readonly entry: Entry
}

function alwaysCleared(): CacheError {
  const message = `memcached: cleared ${mostRounds} times while an entry was written`
  return new CacheError('STORAGE_UNAVAILABLE', message)
}
