import type { MysqlConnection, MysqlStatement } from '../../../clients/mysql-client.ts'
import type { Claim, StoredItem } from '../../../contracts/storage.ts'
import { bytesOf, idsOf, type Step } from '../server/batches.ts'
import { nameOf } from '../server/row-id.ts'
import type { FoundRow, SqlDialect } from '../server/sql-dialect.ts'
import { never, wholeMilliseconds } from '../sql-table.ts'

/** What a dialect of one table works with. */
export interface MysqlDialectOptions {
  readonly table: string
  /** The server's `max_allowed_packet`: bytes of a statement, values and all. */
  readonly longestPacket: number
}

// Written into the text of a statement, a byte takes two. What is larger goes beside it.
const largeBytes = 64 << 10
// For the words of a statement.
const spareBytes = 4 << 10

/**
 * The statements of MySQL and MariaDB. Values are buffers and numbers only, so that no SQL mode has a say in how they
 * are written. What a statement did to which row isn't told by the server: where that matters the rows are locked first.
 *
 * ON DUPLICATE KEY UPDATE assigns from left to right, and what is assigned counts for what comes behind it.
 */
export function mysqlDialect({ table: name, longestPacket }: MysqlDialectOptions): SqlDialect<MysqlConnection> {
  const table = `\`${name}\``

  /** Inserts items; `update` says what becomes of those that are there. */
  const upsert = async (client: MysqlConnection, steps: readonly Step<StoredItem>[], update: string): Promise<void> => {
    const row = `(?, ?, ?, ?, LEAST(${never}, ${now} + ?))`
    const text = `INSERT INTO ${table} (id, key_rest, header, payload, expires_at) VALUES ${listOf(row, steps)}
      ON DUPLICATE KEY UPDATE ${update}`
    const values = steps.flatMap(({ id, rest, thing }) => [
      id,
      rest,
      thing.header,
      thing.payload,
      wholeMilliseconds(thing.ttl),
    ])
    await (isLarge(steps) ? execute(client, text, values) : change(client, text, values))
  }

  /** Rows as they are, and will be until the transaction ends, with the tokens of those that are leased. */
  const lock = async (client: MysqlConnection, ids: readonly Uint8Array[]): Promise<ReadonlyMap<string, string>> => {
    const rows = await select(
      client,
      `SELECT id, lease_token FROM ${table} WHERE id IN (?) AND lease_until > ${now} ORDER BY id FOR UPDATE`,
      [ids],
    )
    return new Map(rows.map(([id, token]) => [nameOf(id as Uint8Array), nameOf(token as Uint8Array)]))
  }

  /** Those whose token stands, and does until the transaction ends. */
  const lockStanding = async <Thing extends { readonly token: string }>(
    client: MysqlConnection,
    steps: readonly Step<Thing>[],
  ): Promise<readonly Step<Thing>[]> => {
    const tokens = await lock(client, idsOf(steps))
    return steps.filter((step) => tokens.get(step.name) === nameOf(Buffer.from(step.thing.token)))
  }

  /** Whose leases these are, or those of them that are held, with the entries that stand there. */
  const lookAtLeases = async (
    client: MysqlConnection,
    steps: readonly Step<Claim>[],
    which: 'held' | 'all',
  ): Promise<{
    readonly now: number
    readonly rows: readonly (FoundRow & { readonly token: string | undefined })[]
  }> => {
    const [clock, ...rows] = await select(
      client,
      `SELECT NULL, NULL, NULL, NULL, ${now} UNION ALL
        SELECT id, IF(${isAlive}, header, NULL), IF(${isAlive}, payload, NULL), lease_token, NULL
        FROM ${table} WHERE id IN (?) ${which === 'held' ? `AND lease_until > ${now}` : ''}`,
      [idsOf(steps)],
    )
    return {
      now: Number(clock?.[4]),
      rows: rows.map((row) => ({
        ...foundRow(row),
        token: row[3] === null ? undefined : nameOf(row[3] as Uint8Array),
      })),
    }
  }

  const insertLeases = async (
    client: MysqlConnection,
    steps: readonly Step<Claim>[],
    isForced: boolean,
  ): Promise<void> => {
    const update = isForced
      ? 'lease_token = VALUES(lease_token), lease_until = VALUES(lease_until)'
      : `lease_token = IF(lease_until > ${now}, lease_token, VALUES(lease_token)),
         lease_until = IF(lease_token = VALUES(lease_token), VALUES(lease_until), lease_until)`
    const row = `(?, ?, ?, LEAST(${never}, ${now} + ?))`
    await change(
      client,
      `INSERT INTO ${table} (id, key_rest, lease_token, lease_until) VALUES ${listOf(row, steps)}
        ON DUPLICATE KEY UPDATE ${update}`,
      steps.flatMap(({ id, rest, thing }) => [id, rest, Buffer.from(thing.token), wholeMilliseconds(thing.life)]),
    )
  }

  const deleteWhere = (client: MysqlConnection, ids: readonly Uint8Array[], condition: string): Promise<number> =>
    change(client, `DELETE FROM ${table} WHERE id IN (?) ${condition}`, [ids])

  return {
    limits: { rows: 1_000, bytes: Math.min(4 << 20, Math.floor(longestPacket / 4)) },
    entryLimit: {
      bytes: longestPacket - spareBytes,
      advice: `raise the server's \`max_allowed_packet\` (${longestPacket})`,
    },

    async now(client) {
      const [row] = await select(client, `SELECT ${preciseNow}`, [])
      return Number(row?.[0])
    },

    async read(client, ids) {
      const text = `SELECT id, header, payload FROM ${table} WHERE id IN (?) AND ${isAlive}`
      return (await select(client, text, [ids])).map(foundRow)
    },

    write: (client, steps) => upsert(client, steps, overwritten),

    async look(client, steps) {
      const text = `SELECT id, IF(${isAlive}, header, NULL), lease_until > 0, ${now} FROM ${table} WHERE id IN (?)`
      const rows = await select(client, text, [idsOf(steps)])
      return rows.map(([id, header, isLeased, at]) => ({
        name: nameOf(id as Uint8Array),
        header: (header as Uint8Array | null) ?? undefined,
        isLeased: Number(isLeased) === 1,
        now: Number(at),
      }))
    },

    async makeStale(client, steps) {
      const staled = steps.flatMap(({ id, seen, stale }) =>
        seen === undefined || stale === undefined ? [] : [[id, seen, stale.header, wholeMilliseconds(stale.expiredAt)]],
      )
      const unreadable = steps.flatMap(({ id, seen, stale }) =>
        seen === undefined || stale !== undefined ? [] : [[id, seen]],
      )
      const dead = steps.filter(({ seen }) => seen === undefined)
      const update = `UPDATE ${table} AS entry JOIN (${given(staled, 'id', 'seen', 'header', 'expires_at')}) AS given
          ON entry.id = given.id
        SET entry.header = given.header, entry.expires_at = LEAST(entry.expires_at, given.expires_at),
          lease_token = NULL, lease_until = 0
        WHERE entry.header = given.seen AND entry.${isAlive}`
      const counts = [
        staled.length === 0 ? 0 : await change(client, update, staled.flat()),
        unreadable.length === 0
          ? 0
          : await change(client, `DELETE FROM ${table} WHERE (id, header) IN (?)`, [unreadable]),
        dead.length === 0 ? 0 : await deleteWhere(client, idsOf(dead), `AND NOT ${isAlive}`),
      ]
      return counts.reduce((sum, count) => sum + count, 0)
    },

    async delete(client, ids) {
      if (ids.length === 0) return 0
      const count = await deleteWhere(client, ids, `AND ${isAlive}`)
      // Whatever has come in between goes too: were it to stay, a lease that this call has to drop might have brought it.
      await deleteWhere(client, ids, '')
      return count
    },

    async claim(client, steps, isForced) {
      // Those who come for what is held must not lock it, or its holder would stand in line with them.
      const { now, rows: held } = await lookAtLeases(client, steps, 'held')
      const lost = isForced ? [] : held.map((row) => ({ ...row, won: false }))
      const names = new Set(lost.map(({ name }) => name))
      const free = steps.filter(({ name }) => !names.has(name))
      if (free.length === 0) return { now, rows: lost }

      await insertLeases(client, free, isForced)
      const { rows } = await lookAtLeases(client, free, 'all')
      const tokens = new Map(free.map(({ name, thing }) => [name, nameOf(Buffer.from(thing.token))]))
      const claimed = rows.map((row) => ({ ...row, won: tokens.get(row.name) === row.token }))
      return { now, rows: [...lost, ...claimed] }
    },

    renew: (client, steps) =>
      inTransaction(client, async () => {
        const standing = await lockStanding(client, steps)
        if (standing.length === 0) return []
        const lives = standing.map(({ id, thing }) => [id, wholeMilliseconds(thing.life)])
        await change(
          client,
          `UPDATE ${table} AS entry JOIN (${given(lives, 'id', 'life')}) AS given ON entry.id = given.id
            SET lease_until = LEAST(${never}, ${now} + given.life)`,
          lives.flat(),
        )
        return standing.map(({ name }) => name)
      }),

    async fulfil(client, steps) {
      const [only] = steps
      if (only !== undefined && steps.length === 1) {
        const { id, thing } = only
        // An update, never an insert: where the lease has gone the row may have gone with it, and must not come back.
        const text = `UPDATE ${table} SET header = ?, payload = ?, expires_at = LEAST(${never}, ${now} + ?),
            lease_token = NULL, lease_until = 0
          WHERE id = ? AND lease_token = ? AND lease_until > ${now}`
        const item = [thing.header, thing.payload, wholeMilliseconds(thing.ttl)]
        const values = [...item, id, Buffer.from(thing.token)]
        const count = await (isLarge(steps) ? execute(client, text, values) : change(client, text, values))
        return count === 1 ? [only.name] : []
      }
      return inTransaction(client, async () => {
        const standing = await lockStanding(client, steps)
        // They are locked, so they are there: nothing is inserted.
        if (standing.length > 0) await upsert(client, standing, overwritten)
        return standing.map(({ name }) => name)
      })
    },

    async release(client, steps) {
      const held = steps.map(({ id, thing }) => [id, Buffer.from(thing.token)])
      // A row without an entry is dead then, and the sweeper's.
      await change(
        client,
        `UPDATE ${table} AS entry JOIN (${given(held, 'id', 'token')}) AS given ON entry.id = given.id
          SET lease_token = NULL, lease_until = 0 WHERE entry.lease_token = given.token`,
        held.flat(),
      )
    },

    async ensure(client, steps) {
      await upsert(
        client,
        steps,
        `payload = IF(${isAlive}, payload, VALUES(payload)), header = IF(${isAlive}, header, VALUES(header)), ${longer}`,
      )
      const text = `SELECT id, header, payload FROM ${table} WHERE id IN (?) AND ${isAlive}`
      return (await select(client, text, [idsOf(steps)])).map(foundRow)
    },

    change: (client, steps, isSoft) =>
      upsert(
        client,
        steps,
        `header = ${isSoft ? `IF(${isAlive}, header, VALUES(header))` : 'VALUES(header)'}, payload = VALUES(payload),
          lease_token = NULL, lease_until = 0, ${longer}`,
      ),

    async list(client, { from, to, after, limit, what }) {
      const condition = { entries: `AND ${isAlive}`, leases: `AND lease_until > ${now}`, rows: '' }[what]
      const text = `SELECT id, key_rest FROM ${table} WHERE id >= ? AND id < ? ${condition} ORDER BY id LIMIT ?`
      // Nothing fits between an id and the same with a zero behind it.
      const start = after === undefined ? from : Buffer.concat([after, Buffer.of(0)])
      const rows = await select(client, text, [start, to, limit])
      return rows.map(([id, rest]) => ({ id: id as Uint8Array, rest: rest as Uint8Array | null }))
    },

    async sweep(client, limit) {
      const isDead = `expires_at <= ${now} AND lease_until <= ${now}`
      // Found first and deleted by their ids: in the order of another index they would be locked in another order.
      const dead = await select(client, `SELECT id FROM ${table} WHERE ${isDead} LIMIT ?`, [limit])
      const ids = dead.map(([id]) => id as Uint8Array).sort((one, other) => Buffer.compare(one, other))
      if (ids.length > 0) await deleteWhere(client, ids, `AND ${isDead}`)
      return ids.length
    },
  }
}

// Independent of time zones, as the difference of two times that are in none.
const preciseNow = `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) / 1000`
const now = `(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)`
const isAlive = `expires_at > ${now}`
const overwritten =
  'header = VALUES(header), payload = VALUES(payload), expires_at = VALUES(expires_at), lease_token = NULL, lease_until = 0'
const longer = `expires_at = GREATEST(IF(${isAlive}, expires_at, 0), VALUES(expires_at))`

async function select(client: MysqlConnection, sql: string, values: readonly unknown[]): Promise<unknown[][]> {
  const [rows] = await client.query(statement(sql, values))
  return rows as unknown[][]
}

/** @returns how many rows were changed */
async function change(client: MysqlConnection, sql: string, values: readonly unknown[]): Promise<number> {
  return changedBy(await client.query(statement(sql, values)))
}

/** As {@link change}, with values that are sent as they are. */
async function execute(client: MysqlConnection, sql: string, values: readonly unknown[]): Promise<number> {
  return changedBy(await client.execute(statement(sql, values)))
}

function changedBy([answer]: readonly unknown[]): number {
  return (answer as { readonly affectedRows: number }).affectedRows
}

function statement(sql: string, values: readonly unknown[]): MysqlStatement {
  return { sql, values: values.map(valueOf), rowsAsArray: true, typeCast: true }
}

/** Bytes that aren't a Buffer would be written out as an object by some versions of the driver. */
function valueOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(valueOf)
  if (!(value instanceof Uint8Array) || value instanceof Buffer) return value
  return Buffer.from(value.buffer, value.byteOffset, value.length)
}

async function inTransaction<Answer>(client: MysqlConnection, action: () => Promise<Answer>): Promise<Answer> {
  await change(client, 'START TRANSACTION', [])
  try {
    const answer = await action()
    await change(client, 'COMMIT', [])
    return answer
  } catch (error) {
    // If that fails too the connection is broken, and the transaction ends with it.
    await change(client, 'ROLLBACK', []).catch(() => client.destroy())
    throw error
  }
}

/** A table of values, to be joined. */
function given(rows: readonly (readonly unknown[])[], ...columns: readonly string[]): string {
  const first = columns.map((column) => `? AS ${column}`).join(', ')
  const others = columns.map(() => '?').join(', ')
  return rows.map((_, index) => `SELECT ${index === 0 ? first : others}`).join(' UNION ALL ')
}

function listOf(row: string, steps: readonly unknown[]): string {
  return steps.map(() => row).join(', ')
}

function isLarge(steps: readonly Step<StoredItem>[]): boolean {
  return steps.length === 1 && steps.some((step) => bytesOf(step) > largeBytes)
}

function foundRow([id, header, payload]: readonly unknown[]): FoundRow {
  const name = nameOf(id as Uint8Array)
  return header === null || payload === null
    ? { name }
    : { name, header: header as Uint8Array, payload: payload as Uint8Array }
}
