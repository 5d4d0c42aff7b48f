/** A command as it goes to a Redis server: its name, and what belongs to it. */
export type RedisWords = readonly [string, ...(string | Uint8Array)[]]

/** A client of one server: `new Redis(…)` of ioredis, or `createClient(…)` of @redis/client. */
export type RedisClient = IoredisClient | NodeRedisClient

/** A cluster client: `new Redis.Cluster(…)` of ioredis, or `createCluster(…)` of @redis/client. */
export type RedisClusterClient = IoredisCluster | NodeRedisCluster

/** What we call of ioredis' `Redis`. */
export interface IoredisClient {
  readonly options: object
  /** Absent before it first connects. */
  readonly stream: RedisSocket & { cork(): unknown; uncork(): unknown; destroy(): unknown }
  duplicate(override?: object): IoredisClient
  connect(): Promise<void>
  disconnect(): void
  callBuffer(command: string, ...words: (string | number | Uint8Array)[]): Promise<unknown>
  on(event: string, listener: (...parameters: unknown[]) => void): unknown
}

/** What we look at of ioredis' `Cluster`. */
export interface IoredisCluster {
  readonly isCluster: boolean
  readonly options: object
  nodes(): readonly IoredisClient[]
}

/** What keeps the process alive, or doesn't. */
export interface RedisSocket {
  ref(): unknown
  unref(): unknown
}

/** What we call of a client of @redis/client. */
export interface NodeRedisClient extends RedisSocket {
  readonly options: object | undefined
  duplicate(override?: object): NodeRedisClient
  connect(): Promise<unknown>
  destroy(): void
  sendCommand(words: readonly (string | Uint8Array)[]): Promise<unknown>
  subscribe(channel: string, listener: (message: Uint8Array) => unknown, isBuffer: true): Promise<unknown>
  on(event: string, listener: (...parameters: unknown[]) => void): unknown
}

/** What we look at of a cluster client of @redis/client. */
export interface NodeRedisCluster {
  readonly _options: object
  readonly masters: readonly { readonly client?: unknown }[]
}
