import type { RedisWords } from '../../clients/redis-client.ts'

/** What a server answers: strings of the protocol come as bytes where it matters, and as text where it doesn't. */
export type Reply = Uint8Array | string | number | null | readonly Reply[]

/** Where a server listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** How changes are told: by the server, whoever made them, or by those who make them through this storage. */
export type FeedWay = 'tracking' | 'pubsub'

/**
 * A client of either package, for one connection: connected once, lost once, and never by itself connected again.
 * It keeps no queue: what is sent while there is no connection fails.
 */
export interface ServerClient {
  connect(): Promise<void>
  /** @throws what the server answers as an error, or why the connection was lost */
  send(words: RedisWords): Promise<Reply>
  /** Sends commands together. What the server answers as an error stands in the place of its answer. @throws only when the connection is lost */
  sendAll(list: readonly RedisWords[]): Promise<readonly (Reply | Error)[]>
  /** Calls back once, when an established connection has been lost. */
  onLost(listener: (cause: unknown) => void): void
  /** Has the server tell which keys under a prefix change, and `undefined` when all of them may have. */
  track(prefix: string, told: (keys: readonly Uint8Array[] | undefined) => void): Promise<void>
  subscribe(channel: string, told: (message: Uint8Array) => void): Promise<void>
  /** Whether it keeps the process alive. */
  hold(isHeld: boolean): void
  destroy(): void
}

/** Makes clients, none of them connected yet. */
export interface ClientMaker {
  /** @param options `address`: where to, if not where the settings say; `feed`: for what only listens, in this way */
  make(options: { readonly address?: Address | undefined; readonly feed?: FeedWay | undefined }): ServerClient
}

/** The word by which a server begins an error, like `WRONGTYPE`; `undefined` for errors that aren't a server's. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? /^[A-Z][A-Z]+(?= )/.exec(error.message)?.[0] : undefined
}

/** An error that a server answered, as a value. @throws any other */
export function answeredError(error: unknown): Error {
  if (errorCode(error) === undefined) throw error
  return error as Error
}

/** An answer as text. */
export function textOf(reply: Reply | undefined): string {
  return reply instanceof Uint8Array ? bufferOf(reply).toString() : String(reply)
}

/** Bytes as Node has them, without copying. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
