/** What we call of a connection to MySQL or MariaDB: the part of one that a pool of `mysql2/promise` lends. */
export interface MysqlConnection {
  /** Runs a statement whose values are written into its text. */
  query(statement: MysqlStatement): Promise<readonly [unknown, unknown]>
  /** Runs a statement whose values go beside it, as they are. */
  execute(statement: MysqlStatement): Promise<readonly [unknown, unknown]>
  /** Gives it back to its pool. */
  release(): void
  /** Closes it. */
  destroy(): void
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}

/** A statement; its rows come as lists of values. */
export interface MysqlStatement {
  readonly sql: string
  readonly values?: unknown[]
  readonly rowsAsArray: true
  readonly typeCast: true
}

/** What we call of a pool of `mysql2/promise`. */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>
}

/** A pool of `mysql2` itself, which calls back, and knows of another that promises. */
export interface MysqlCallbackPool {
  promise(): MysqlPool
}
