import type { Leases, Markers, Stored, StoredItem } from '../../contracts/storage.ts'
import { splitStored } from '../../serializers/envelope.ts'
import type { Change } from './changes-channel.ts'
import { clearPrefix } from './enumeration.ts'
import { leaseKey } from './lease-key.ts'
import {
  bytesAt,
  claimAnswer,
  evaluation,
  isOne,
  isUnknownScript,
  noAnswer,
  noWords,
  withSource,
  wordsOfChange,
  wordsOfClaim,
  wordsOfMarker,
  wordsOfRelease,
  wordsOfRenewal,
  type Keyed,
  type Word,
} from './script-call.ts'
import {
  changeScript,
  claimScript,
  ensureScript,
  expireScript,
  fulfilScript,
  releaseScript,
  renewScript,
  type Script,
} from './scripts.ts'
import { errorCode, type Reply } from './server-client.ts'
import type { Command, Servers } from './servers.ts'
import { storedIn, ttlWord, valueOf } from './value.ts'

// So many keys in one command hold up the server for less than a millisecond.
const keysPerCommand = 200
const commandsPerBatch = 1_000
const bytesPerBatch = 4 << 20

/** Makes the commands that tell of a change, where nobody else does. */
export type Publish = (change: Change) => readonly Command[]

/** Entries, leases and markers on Redis servers: every operation in the fewest commands, of any number of keys. */
export class Entries {
  readonly #servers: Servers
  readonly #ttl: number
  readonly #publish: Publish | undefined

  /**
   * @param ttl milliseconds, for what comes without one
   * @param publish what must be sent after a change; absent where the server tells of it
   */
  constructor(servers: Servers, ttl: number, publish?: Publish) {
    this.#servers = servers
    this.#ttl = ttl
    this.#publish = publish
  }

  getMany(keys: readonly string[]): Promise<(Stored | undefined)[]> {
    const [only] = keys
    return keys.length === 1 && only !== undefined ? this.#get(only) : this.#mget(keys)
  }

  async setMany(items: readonly StoredItem[]): Promise<void> {
    const commands = this.#groups(items, keyOf).flatMap(({ slot, items: group }): Command[] => [
      // First the leases: a load that is still under way must not overwrite what is written next.
      { slot, words: ['UNLINK', ...group.map(({ key }) => leaseKey(key))] },
      ...group.map((item) => ({ slot, words: this.#writing(item) })),
    ])
    await this.#run(commands)
    await this.#tell({ keys: items.map(keyOf) })
  }

  async deleteMany(keys: readonly string[]): Promise<number> {
    const commands = this.#groups(keys, (key) => key).flatMap(({ slot, items: group }): Command[] => [
      { slot, words: ['UNLINK', ...group.map(leaseKey)] },
      { slot, words: ['UNLINK', ...group] },
    ])
    const replies = await this.#run(commands)
    await this.#tell({ keys })
    return replies.filter((_, index) => index % 2 === 1).reduce((sum: number, reply) => sum + Number(reply), 0)
  }

  async clear(prefix: string): Promise<void> {
    await clearPrefix(this.#servers, prefix)
    await this.#tell({ prefix })
  }

  async expireMany(keys: readonly string[]): Promise<void> {
    const named = keys.map((key) => ({ key }))
    await this.#runScript(expireScript, named, noWords, noAnswer)
    await this.#tell({ keys })
  }

  readonly leases: Leases = {
    claimMany: (claims) => this.#runScript(claimScript, claims, wordsOfClaim, claimAnswer),
    renewMany: (renewals) => this.#runScript(renewScript, renewals, wordsOfRenewal, isOne),
    fulfilMany: async (items) => {
      const wordsOf = (item: Fulfilment): readonly Word[] => [item.token, this.#life(item), valueOf(item)]
      const written = await this.#runScript(fulfilScript, items, wordsOf, isOne)
      await this.#tell({ keys: items.filter((_, index) => written[index]).map(keyOf) })
      return written
    },
    releaseMany: async (held) => {
      await this.#runScript(releaseScript, held, wordsOfRelease, noAnswer)
    },
  }

  readonly markers: Markers = {
    ensureMany: async (markers) => {
      const found = await this.#runScript(ensureScript, markers, wordsOfMarker, bytesAt)
      await this.#tell({ keys: markers.filter((marker, index) => isSame(found[index], valueOf(marker))).map(keyOf) })
      return found.map((value) => splitStored(value))
    },
    changeMany: async (changes) => {
      await this.#runScript(changeScript, changes, wordsOfChange, noAnswer)
      await this.#tell({ keys: changes.map(keyOf) })
    },
  }

  #get(key: string): Promise<(Stored | undefined)[]> {
    const command: Command = { slot: this.#servers.slotOf(key), words: ['GET', key], isRead: true }
    return this.#servers.ask(command).then(listOfOne, absentIfForeign)
  }

  async #mget(keys: readonly string[]): Promise<(Stored | undefined)[]> {
    const groups = this.#groups(keys, (key) => key)
    const replies = await this.#servers.askAll(
      groups.map(({ slot, items }) => ({ slot, words: ['MGET', ...items], isRead: true })),
    )
    // Of a cluster, one server may be away. Its share is missing then; the rest is as good as ever.
    if (!replies.some(Array.isArray)) throwFirst(replies)
    const found = new Array<Stored | undefined>(keys.length).fill(undefined)
    for (const [index, { places }] of groups.entries()) {
      const values = replies[index]
      if (!Array.isArray(values)) continue
      for (let at = 0; at < values.length; at++) found[places[at] as number] = storedIn(values[at] as Reply)
    }
    return found
  }

  #writing(item: StoredItem): Command['words'] {
    const life = this.#life(item)
    if (life === '0') return ['UNLINK', item.key]
    const value = valueOf(item)
    return life === '' ? ['SET', item.key, value] : ['SET', item.key, value, 'PX', life]
  }

  #life({ ttl = this.#ttl }: StoredItem): string {
    return ttlWord(ttl)
  }

  /**
   * Runs a script over any number of keys.
   * @param wordsOf what it needs besides the key
   * @param answerOf reads an answer of the script, for the thing at a place in it
   */
  async #runScript<Thing extends Keyed, Answer>(
    script: Script,
    things: readonly Thing[],
    wordsOf: (thing: Thing) => readonly Word[],
    answerOf: (list: readonly Reply[], at: number) => Answer,
  ): Promise<Answer[]> {
    const groups = this.#groups(things, keyOf)
    const commands = groups.map(({ slot, items }): Command => ({ slot, words: evaluation(script, items, wordsOf) }))
    const replies = await this.#batches(commands)
    // A server that was restarted, or told to forget its scripts, learns them again.
    if (replies.some(isUnknownScript)) {
      const unknown = replies.flatMap((reply, index) => (isUnknownScript(reply) ? index : []))
      const again = unknown.map((index) => withSource(commands[index] as Command, script))
      for (const [at, reply] of (await this.#batches(again)).entries()) replies[unknown[at] as number] = reply
    }
    throwFirst(replies)

    const answers = new Array<Answer>(things.length)
    for (let index = 0; index < groups.length; index++) {
      const { places } = groups[index] as Group<Thing>
      const list = listIn(replies[index])
      for (let at = 0; at < places.length; at++) answers[places[at] as number] = answerOf(list, at)
    }
    return answers
  }

  async #run(commands: readonly Command[]): Promise<readonly Reply[]> {
    const replies = await this.#batches(commands)
    throwFirst(replies)
    return replies as Reply[]
  }

  /** Not before it was changed: who hears it, reads again. */
  async #tell(change: Change): Promise<void> {
    if (this.#publish !== undefined) await this.#run(this.#publish(change))
  }

  /** Neither side should have to hold everything at once. */
  async #batches(commands: readonly Command[]): Promise<(Reply | Error)[]> {
    const replies: (Reply | Error)[] = []
    while (replies.length < commands.length) {
      const end = endOfBatch(commands, replies.length)
      const isAll = end - replies.length === commands.length
      const batch = isAll ? commands : commands.slice(replies.length, end)
      replies.push(...(await this.#servers.askAll(batch)))
    }
    return replies
  }

  /** Splits things into those that one command may name, and remembers their places. */
  #groups<Thing>(things: readonly Thing[], keyOf: (thing: Thing) => string): readonly Group<Thing>[] {
    const groups: Group<Thing>[] = []
    const open = new Map<number, Group<Thing>>()
    let group: Group<Thing> | undefined
    for (let place = 0; place < things.length; place++) {
      const thing = things[place] as Thing
      const slot = this.#servers.isSharded ? this.#servers.slotOf(keyOf(thing)) : 0
      if (group?.slot !== slot) group = open.get(slot)
      if (group === undefined || group.items.length >= keysPerCommand) {
        group = { slot, items: [], places: [] }
        open.set(slot, group)
        groups.push(group)
      }
      group.items.push(thing)
      group.places.push(place)
    }
    return groups
  }
}

interface Group<Thing> {
  readonly slot: number
  readonly items: Thing[]
  readonly places: number[]
}

type Fulfilment = Parameters<Leases['fulfilMany']>[0][number]

function keyOf({ key }: Keyed): string {
  return key
}

function isSame(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && Buffer.compare(one, other) === 0
}

function listOfOne(reply: Reply): (Stored | undefined)[] {
  return [storedIn(reply)]
}

// Somebody else's, of another type. MGET answers it as nothing.
function absentIfForeign(error: unknown): undefined[] {
  if (errorCode(error) === 'WRONGTYPE') return [undefined]
  throw error
}

function listIn(reply: Reply | Error | undefined): readonly Reply[] {
  if (Array.isArray(reply)) return reply as readonly Reply[]
  throw reply instanceof Error ? reply : new Error(`expected a list as answer, got ${typeof reply}`)
}

function throwFirst(replies: readonly (Reply | Error)[]): void {
  const error = replies.find((reply) => reply instanceof Error)
  if (error !== undefined) throw error
}

/** Where the batch ends that begins at `start`. */
function endOfBatch(commands: readonly Command[], start: number): number {
  let end = start
  let bytes = 0
  while (end < commands.length && end - start < commandsPerBatch && bytes < bytesPerBatch) {
    for (const word of (commands[end] as Command).words) bytes += word.length
    end++
  }
  return end
}
