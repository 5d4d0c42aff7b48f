import type { Chance } from '../../kernel/chance.ts'
import { CacheError } from '../../kernel/errors.ts'
import type { Connection } from './connection.ts'
import { sizeOf, type MetaCommand } from './meta-command.ts'
import { statusOf, type Reply } from './reply-parser.ts'
import { RootKeeper } from './root-keeper.ts'
import type { WireKey } from './wire-key.ts'

// So much goes at once: enough to make the round trip between two batches count for little, and no more than is good
// for those who wait behind it on the same connection.
const mostCommands = 1_000
const mostBytes = 1 << 20

/** A connection to a server that has shown what it is. */
export class Session {
  readonly root: RootKeeper
  /** Bytes of the largest item the server takes, its own overhead included. */
  readonly largestItem: number
  readonly #connection: Connection

  constructor(connection: Connection, largestItem: number, rootKey: WireKey, chance: Chance) {
    this.#connection = connection
    this.largestItem = largestItem
    this.root = new RootKeeper(rootKey, (commands) => this.ask(commands), chance)
  }

  get isUsable(): boolean {
    return this.#connection.isUsable
  }

  /** Sends commands, in order, in as few batches as is fair to others. @returns a reply for each */
  async ask(commands: readonly MetaCommand[]): Promise<readonly (Reply | undefined)[]> {
    const replies: (Reply | undefined)[] = []
    while (replies.length < commands.length) {
      const end = endOfBatch(commands, replies.length)
      if (replies.length === 0 && end === commands.length) return this.#connection.ask(commands)
      const batch = await this.#connection.ask(commands.slice(replies.length, end))
      for (const reply of batch) replies.push(reply)
    }
    return replies
  }

  /** What the server says of itself, name and value. */
  stats(): Promise<ReadonlyMap<string, string>> {
    return readStats(this.#connection, 'stats')
  }

  close(): void {
    this.#connection.close()
  }
}

/** Asks for statistics of one kind. @throws CacheError `STORAGE_UNAVAILABLE` if the server has none */
export async function readStats(connection: Connection, command: string): Promise<ReadonlyMap<string, string>> {
  const replies = await connection.askText(`${command}\r\n`, (reply) => statusOf(reply) !== 'STAT')
  const last = replies.at(-1)?.line
  if (last !== 'END') throw new CacheError('STORAGE_UNAVAILABLE', `memcached has no ${command}: it says ${last}`)
  return new Map(
    replies.slice(0, -1).map(({ line }) => {
      const [, name = '', ...value] = line.split(' ')
      return [name, value.join(' ')]
    }),
  )
}

function endOfBatch(commands: readonly MetaCommand[], start: number): number {
  let end = start
  let bytes = 0
  while (end < commands.length && end - start < mostCommands && bytes < mostBytes) {
    bytes += sizeOf(commands[end] as MetaCommand)
    end++
  }
  return end
}
