import { CacheError, describe } from '../kernel/errors.ts'

/**
 * What a `MemoryCache` kept, as plain data: the least valuable first. It can be written by whatever can write the
 * keys and values.
 */
export interface Dump<Key, Value> {
  readonly format: 'tiercel-memory-1'
  /** Key, value, and the moment it expires, in milliseconds since 1970; `null` for one that doesn't. */
  readonly entries: readonly (readonly [Key, Value, number | null])[]
}

/** How a dump is read back. */
export interface RestoreOptions<Key, Value> {
  /**
   * Called with every value before it is kept; answer what to keep instead, or `undefined` to leave it out.
   * A cache above a shared tier marks its entries as suspect here: nobody has told it what changed meanwhile.
   */
  readonly revive?: (key: Key, value: Value) => Value | undefined
}

/** @throws CacheError `UNREADABLE` for anything that isn't a dump */
export function checkDump(dump: unknown): void {
  const isDump =
    typeof dump === 'object' && dump !== null && 'format' in dump && 'entries' in dump && Array.isArray(dump.entries)
  if (isDump && dump.format === 'tiercel-memory-1') return
  throw new CacheError('UNREADABLE', `memory: restore: expected what dump() gave, got ${describe(dump)}`)
}
