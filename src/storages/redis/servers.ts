import type { RedisWords } from '../../clients/redis-client.ts'
import type { Reply, ServerClient } from './server-client.ts'

/** A command, and the slot of all the keys it names. */
export interface Command {
  readonly slot: number
  readonly words: RedisWords
  /** Whether it changes nothing. */
  readonly isRead?: boolean
}

/** One server, for what isn't about certain keys. */
export interface Server {
  send(words: RedisWords): Promise<Reply>
}

/** What a storage keeps its entries on: one server, or the masters of a cluster. */
export interface Servers {
  /** Whether there is more than one slot. */
  readonly isSharded: boolean
  /** Keys of the same slot may be named by one command. */
  slotOf(key: string | Buffer): number
  /** Reads something. @throws what the server answers as an error; or why it can't be reached */
  ask(command: Command): Promise<Reply>
  /**
   * Sends commands together, one batch a server. What a server answers as an error stands in the place of its answer.
   * @throws why a server can't be reached
   */
  askAll(commands: readonly Command[]): Promise<readonly (Reply | Error)[]>
  /**
   * Does something on every server that keeps entries; once more, if keys may have moved from one to another meanwhile.
   */
  onEach<Answer>(action: (server: Server) => Promise<Answer>): Promise<readonly Answer[]>
  /** What a feed needs to know of the servers as they are now. */
  listeners(): Promise<Listeners>
  /** Connects. */
  open(): Promise<void>
  close(): void
}

/** Clients that only listen. */
export interface Listeners {
  /** One for each server, made when called, not connected. */
  clients(): readonly ServerClient[]
  /** Milliseconds that connecting may take. */
  readonly limit: number
  /** Which servers they are, and how they share the keys. */
  readonly layout: string
  /** The same as it is by now. `undefined` where it can't change. */
  readonly survey: (() => Promise<string>) | undefined
}
