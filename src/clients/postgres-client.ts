/**
 * What we call of a connection to Postgres: the part of a `Client` of `pg`, or of one that its `Pool` lends.
 */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<PostgresAnswer>
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'notification', listener: (notification: PostgresNotification) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'notification', listener: (notification: PostgresNotification) => void): unknown
  /** Lets the process end although the connection is open. */
  unref?(): void
}

/** A statement; its rows come as lists of values. */
export interface PostgresQuery {
  readonly text: string
  /** What a prepared statement is called. */
  readonly name?: string
  readonly values?: unknown[]
  readonly rowMode: 'array'
}

/** What a statement answers. */
export interface PostgresAnswer {
  readonly rows: unknown[][]
}

/** What comes of a channel that is listened to. */
export interface PostgresNotification {
  readonly channel: string
  readonly payload?: string | undefined
}

/** A connection that a pool has lent. */
export interface PostgresPoolClient extends PostgresClient {
  /** Gives it back, or with `true` has it closed. */
  release(destroy?: boolean): void
}

/** What we call of a `Pool` of `pg`. */
export interface PostgresPool {
  connect(): Promise<PostgresPoolClient>
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}
