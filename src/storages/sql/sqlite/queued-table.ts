import type { Stored, StoredItem } from '../../../contracts/storage.ts'
import type { Clock } from '../../../kernel/clock.ts'
import { nextTurn, sliceOfThisTurn } from '../../turns.ts'
import { never, type SqlTable } from '../sql-table.ts'
import { whileBusy } from './busy.ts'
import type { Row, SqliteTable } from './sqlite-table.ts'
import type { WriteQueue } from './write-queue.ts'

/** How a table is read, and what it lives by. */
export interface QueuedTableOptions {
  readonly clock: Clock
  /** Milliseconds a read waits for other connections. */
  readonly busyFor: number
}

/** A table of SQLite: written through one queue, in order; read in between, for as long as a turn may take. */
export function queuedTable(table: SqliteTable, queue: WriteQueue, options: QueuedTableOptions): SqlTable {
  const { clock, busyFor } = options

  /** One urgent step for each thing; answers when all of them are committed. */
  const writeAll = <Thing, Answer>(things: readonly Thing[], write: (thing: Thing) => Answer): Promise<Answer[]> =>
    queue.submit(
      things.map((thing) => () => write(thing)),
      { isUrgent: true },
    )
  const rowsOf = (items: readonly StoredItem[]): readonly Row[] => items.map((item) => rowOf(item, clock))

  return {
    now: () => Promise.resolve(clock.now()),
    getMany: (keys) => readSlices(table, keys, options),
    async setMany(items) {
      await writeAll(rowsOf(items), (row) => table.set(row))
    },
    async expireMany(keys) {
      await writeAll(keys, (key) => table.expire(key, clock.now()))
    },
    async deleteMany(keys) {
      const deleted = await writeAll(keys, (key) => table.delete(key, clock.now()))
      return deleted.filter(Boolean).length
    },
    async clear(prefix) {
      await queue.submit([() => table.clearSome(prefix)], { isUrgent: true })
    },
    claimMany: (claims) => writeAll(claims, (claim) => table.claim(claim, clock.now())),
    renewMany: (renewals) => writeAll(renewals, (renewal) => table.renew(renewal, clock.now())),
    async releaseMany(released) {
      await writeAll(released, ({ key, token }) => table.release(key, token))
    },
    fulfilMany(items) {
      const rows = items.map((item) => ({ row: rowOf(item, clock), token: item.token }))
      return queue.submit(
        rows.map(
          ({ row, token }) =>
            () =>
              table.fulfil(row, token, clock.now()),
        ),
        { isUrgent: false },
      )
    },
    ensureMany: (markers) => writeAll(rowsOf(markers), (row) => table.ensure(row, clock.now())),
    async changeMany(changes) {
      const rows = changes.map((change) => ({ row: rowOf(change, clock), softOnly: change.softOnly === true }))
      await writeAll(rows, ({ row, softOnly }) => table.change(row, softOnly, clock.now()))
    },
    page: (what, prefix, after) => whileBusy(busyFor, () => table.page(what, prefix, after, clock.now())),
    async sweep() {
      if (!table.hasDead(clock.now())) return
      await queue.submit([() => table.sweepSome(clock.now())], { isUrgent: true })
    },
  }
}

function rowOf({ key, header, payload, ttl = Infinity }: StoredItem, clock: Clock): Row {
  return { key, header, payload, expiresAt: Math.min(never, clock.now() + ttl) }
}

async function readSlices(
  table: SqliteTable,
  keys: readonly string[],
  { busyFor, clock }: QueuedTableOptions,
): Promise<(Stored | undefined)[]> {
  const found: (Stored | undefined)[] = []
  while (found.length < keys.length) {
    if (sliceOfThisTurn().isOver()) await nextTurn()
    found.push(...(await whileBusy(busyFor, () => readSlice(table, keys, found.length, clock.now()))))
  }
  return found
}

/** As many keys as a slice has time for; of many, one transaction costs less than a lock for each. */
function readSlice(
  table: SqliteTable,
  keys: readonly string[],
  start: number,
  now: number,
): readonly (Stored | undefined)[] {
  const slice = sliceOfThisTurn()
  const found: (Stored | undefined)[] = []
  const isAlone = keys.length - start === 1
  if (!isAlone) table.begin()
  try {
    do found.push(table.get(keys[start + found.length] as string, now))
    while (start + found.length < keys.length && !slice.isOver())
    if (!isAlone) table.commit()
  } catch (error) {
    if (!isAlone) table.rollback()
    throw error
  }
  return found
}
