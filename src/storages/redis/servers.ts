import type { RedisWords } from '../../clients/redis-client.ts'
import type { FeedWay, Reply, ServerClient } from './server-client.ts'

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
  slotOf(key: string | Uint8Array): number
  /** Reads something. @throws what the server answers as an error; or why it can't be reached */
  ask(command: Command): Promise<Reply>
  /** Sends commands together, one batch a server. What went wrong with a command stands in the place of its answer. */
  askAll(commands: readonly Command[]): Promise<readonly (Reply | Error)[]>
  /** Every server that keeps entries. */
  each(): Promise<readonly Server[]>
  /** How the servers share the keys by now: another text means differently. */
  layout(): Promise<string>
  /** Whether keys are on their way from one server to another. */
  isMoving(): Promise<boolean>
  /** What a feed needs to know of the servers as they are now. */
  listeners(): Promise<Listeners>
  /** Connects. */
  open(): Promise<void>
  close(): void
}

/** Clients that only listen. */
export interface Listeners {
  /** One for each server, made when called, not connected. */
  clients(way: FeedWay): readonly ServerClient[]
  /** Milliseconds that connecting may take. */
  readonly limit: number
  /** Which servers they are, and how they share the keys. */
  readonly layout: string
  /** The same as it is by now. `undefined` where it can't change. */
  readonly survey: (() => Promise<string>) | undefined
}
