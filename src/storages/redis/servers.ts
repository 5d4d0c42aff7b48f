import type { RedisWords } from '../../clients/redis-client.ts'
import type { Reply } from './server-client.ts'

/** A command, and the slot of all the keys it names. */
export interface Command {
  readonly slot: number
  readonly words: RedisWords
  /** It changes nothing. */
  readonly isRead?: boolean
}

/** One server, for what isn't about certain keys. */
export interface Server {
  send(words: RedisWords): Promise<Reply>
}

/** What a storage keeps its entries on: one server, or the masters of a cluster. */
export interface Servers {
  /** Keys of the same slot may be named by one command. */
  slotOf(key: string | Buffer): number
  /** @throws what the server answers as an error; or why it can't be reached */
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
  /** Connects. */
  open(): Promise<void>
  close(): void
}
