import type { Leases, Markers, Stored, StoredItem } from '../../contracts/storage.ts'
import { joinStored, splitStored } from '../../serializers/envelope.ts'
import type { Change } from './changes-channel.ts'
import { clearPrefix } from './enumeration.ts'
import { leaseKey } from './lease-key.ts'
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

// So many keys in one command hold up the server for less than a millisecond.
const keysPerCommand = 200
const commandsPerBatch = 1_000
const bytesPerBatch = 4 << 20

type Word = string | Buffer

/** Makes the commands that tell of a change, where nobody else does. */
export type Publish = (change: Change) => readonly Command[]

/** Entries, leases and markers on Redis servers: every operation in the fewest commands, of any number of keys. */
export class Entries {
  readonly #servers: Servers
  readonly #ttl: number
  readonly #publish: Publish

  /**
   * @param ttl milliseconds, for what comes without one
   * @param publish what must be sent after a change
   */
  constructor(servers: Servers, ttl: number, publish: Publish) {
    this.#servers = servers
    this.#ttl = ttl
    this.#publish = publish
  }

  getMany(keys: readonly string[]): Promise<(Stored | undefined)[]> {
    const [only] = keys
    return keys.length === 1 && only !== undefined ? this.#get(only) : this.#mget(keys)
  }

  async setMany(items: readonly StoredItem[]): Promise<void> {
    const commands = this.#groups(items, ({ key }) => key).flatMap(({ slot, items: group }): Command[] => [
      // First the leases: a load that is still under way must not overwrite what is written next.
      { slot, words: ['UNLINK', ...group.map(({ key }) => leaseKey(key))] },
      ...group.map((item) => ({ slot, words: this.#writing(item) })),
    ])
    await this.#run(commands)
    await this.#tell({ keys: items.map(({ key }) => key) })
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
    await this.#runScript(
      expireScript,
      keys,
      (key) => key,
      withLease,
      () => [],
    )
    await this.#tell({ keys })
  }

  readonly leases: Leases = {
    claimMany: async (claims) => {
      const answers = await this.#runScript(
        claimScript,
        claims,
        ({ key }) => key,
        withLease,
        ({ token, life, force }) => [token, lifeWord(life), force === true ? '1' : '0'],
      )
      return answers.map(({ reply, at }) => {
        const list = listIn(reply)
        return { won: list[1 + 2 * at] === 1, stored: storedIn(list[2 + 2 * at]), now: Number(list[0]) }
      })
    },
    renewMany: async (renewals) => {
      const answers = await this.#runScript(
        renewScript,
        renewals,
        ({ key }) => key,
        withLease,
        ({ token, life }) => [token, lifeWord(life)],
      )
      return answers.map(isOne)
    },
    fulfilMany: async (items) => {
      const answers = await this.#runScript(
        fulfilScript,
        items,
        ({ key }) => key,
        withLease,
        (item) => [item.token, this.#life(item), valueOf(item)],
      )
      const written = answers.map(isOne)
      await this.#tell({ keys: items.flatMap(({ key }, index) => (written[index] === true ? key : [])) })
      return written
    },
    releaseMany: async (held) => {
      await this.#runScript(
        releaseScript,
        held,
        ({ key }) => key,
        withLease,
        ({ token }) => [token],
      )
    },
  }

  readonly markers: Markers = {
    ensureMany: async (markers) => {
      const answers = await this.#runScript(
        ensureScript,
        markers,
        ({ key }) => key,
        alone,
        (item) => [markerLife(item), valueOf(item)],
      )
      const found = answers.map(({ reply, at }) => listIn(reply)[at] as Buffer)
      await this.#tell({
        keys: markers.flatMap((marker, index) => (found[index]?.equals(valueOf(marker)) === true ? marker.key : [])),
      })
      return found.map((value) => splitStored(value))
    },
    changeMany: async (changes) => {
      await this.#runScript(
        changeScript,
        changes,
        ({ key }) => key,
        alone,
        (change) => [markerLife(change), change.softOnly === true ? '1' : '0', valueOf(change)],
      )
      await this.#tell({ keys: changes.map(({ key }) => key) })
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

  /** Runs a script over any number of keys. @returns for each thing the answer of its script, and its place in it */
  async #runScript<Thing>(
    script: Script,
    things: readonly Thing[],
    keyOf: (thing: Thing) => string,
    keysOf: (key: string) => readonly string[],
    wordsOf: (thing: Thing) => readonly Word[],
  ): Promise<{ readonly reply: Reply; readonly at: number }[]> {
    const groups = this.#groups(things, keyOf)
    const parameters = groups.map(({ items }) => {
      const keys = items.flatMap((thing) => keysOf(keyOf(thing)))
      return [String(keys.length), ...keys, ...items.flatMap(wordsOf)]
    })
    const evaluate = (index: number, name: string, program: string): Command => ({
      slot: (groups[index] as Group<Thing>).slot,
      words: [name, program, ...(parameters[index] as Word[])],
    })

    const replies = await this.#batches(groups.map((_, index) => evaluate(index, 'EVALSHA', script.digest)))
    // A server that was restarted, or told to forget its scripts, learns them again.
    const unknown = replies.flatMap((reply, index) => (errorCode(reply) === 'NOSCRIPT' ? index : []))
    const learned = await this.#batches(unknown.map((index) => evaluate(index, 'EVAL', script.source)))
    for (const [at, index] of unknown.entries()) replies[index] = learned[at] as Reply | Error
    throwFirst(replies)

    const answers = new Array<{ readonly reply: Reply; readonly at: number }>(things.length)
    for (const [index, { places }] of groups.entries()) {
      for (const [at, place] of places.entries()) answers[place] = { reply: replies[index] as Reply, at }
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
    const commands = this.#publish(change)
    if (commands.length > 0) await this.#run(commands)
  }

  /** Neither side should have to hold everything at once. */
  async #batches(commands: readonly Command[]): Promise<(Reply | Error)[]> {
    const replies: (Reply | Error)[] = []
    for (const batch of batchesOf(commands)) replies.push(...(await this.#servers.askAll(batch)))
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

function withLease(key: string): readonly string[] {
  return [key, leaseKey(key)]
}

function alone(key: string): readonly string[] {
  return [key]
}

// Beyond this it is for ever, and in numbers the server could not read.
const longestLife = 2 ** 52

/** Milliseconds as the scripts take them: empty for ever, 0 for what is over already. */
function ttlWord(ttl: number): string {
  return ttl > longestLife ? '' : String(Math.max(0, Math.floor(ttl)))
}

function markerLife({ ttl = Infinity }: StoredItem): string {
  return ttlWord(Math.max(1, ttl))
}

function lifeWord(life: number): string {
  return String(Math.min(longestLife, Math.max(1, Math.floor(life))))
}

function valueOf(item: StoredItem): Buffer {
  const bytes = joinStored(item)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function storedIn(reply: Reply | undefined): Stored | undefined {
  return Buffer.isBuffer(reply) ? splitStored(reply) : undefined
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

function isOne({ reply, at }: { readonly reply: Reply; readonly at: number }): boolean {
  return listIn(reply)[at] === 1
}

function throwFirst(replies: readonly (Reply | Error)[]): void {
  const error = replies.find((reply) => reply instanceof Error)
  if (error !== undefined) throw error
}

function* batchesOf(commands: readonly Command[]): Generator<readonly Command[]> {
  if (commands.length === 0) return
  let batch: Command[] = []
  let bytes = 0
  for (const command of commands) {
    if (batch.length >= commandsPerBatch || bytes >= bytesPerBatch) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(command)
    for (const word of command.words) bytes += word.length
  }
  yield batch
}
