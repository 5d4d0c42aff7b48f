import { parsePositiveDuration, type Duration } from '../../../kernel/duration.ts'
import type { ConnectionLimits } from './connections.ts'

/** How long a storage waits for its server, whatever the time limit of the tier above it. */
export interface LimitOptions {
  /** For a connection: a free one, or a new one. Default 5 s. */
  readonly connect?: Duration
  /** For the answer to a statement. Past it the connection is given up. Default 10 s. */
  readonly statement?: Duration
}

/**
 * The limits in milliseconds.
 * @throws CacheError `INVALID_OPTION`
 */
export function limitsOf(dialect: string, { connect = '5s', statement = '10s' }: LimitOptions = {}): ConnectionLimits {
  return {
    connect: parsePositiveDuration(connect, `${dialect}: limits.connect`),
    statement: parsePositiveDuration(statement, `${dialect}: limits.statement`),
  }
}
