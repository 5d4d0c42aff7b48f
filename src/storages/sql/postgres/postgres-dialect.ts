import type { PostgresClient } from '../../../clients/postgres-client.ts'
import type { Claim, StoredItem } from '../../../contracts/storage.ts'
import { idsOf, type Step } from '../server/batches.ts'
import { nameOf } from '../server/row-id.ts'
import type { Held, LeasedItem, SqlDialect, Told } from '../server/sql-dialect.ts'
import { never, wholeMilliseconds } from '../sql-table.ts'
import { byteArray } from './byte-array.ts'
import { feedMessages } from './feed-message.ts'

// The driver gets bytes as text, two digits for each, and no text of JavaScript is longer than 2^29.
const longestPayload = (1 << 28) - (1 << 10)

/** What a dialect of one table works with. */
export interface PostgresDialectOptions {
  readonly table: string
  /** Where changes are told; `undefined` if nobody is to be told. */
  readonly channel: string | undefined
  readonly statements: PostgresStatements
}

/** Whether statements are parsed and planned each time, or once for each connection. */
export type PostgresStatements = 'plain' | 'prepared'

/**
 * The statements of Postgres. Each is a transaction by itself, so they can go through a pooler, or a connection that the
 * program uses too. A list of rows goes as one array for each column.
 *
 * Rows that are there are locked in the order of their ids before they are changed: two statements that lock each
 * other's rows would wait a second before the server notices.
 */
export function postgresDialect({ table, channel, statements }: PostgresDialectOptions): SqlDialect<PostgresClient> {
  const texts = statementsOf(`"${table}"`, channel !== undefined)
  // A server cuts names at 63 bytes.
  const nameFor = (statement: Statement): { readonly name?: string } =>
    statements === 'plain' ? {} : { name: `${channel === undefined ? 'q' : 't'}:${statement}:${table}` }

  const run = async (client: PostgresClient, statement: Statement, values: unknown[]): Promise<unknown[][]> => {
    const query = { text: texts[statement], ...nameFor(statement), values, rowMode: 'array' } as const
    return (await client.query(query)).rows
  }

  /** Runs a statement that changes entries, and tells of it in the same transaction. */
  const tell = (client: PostgresClient, statement: Statement, values: unknown[], told: Told): Promise<unknown[][]> =>
    run(client, statement, channel === undefined ? values : [...values, channel, feedMessages(told)])

  return {
    limits: { rows: 1_000, bytes: 4 << 20 },
    entryLimit: { bytes: longestPayload, advice: 'the driver could not read it again' },

    async now(client) {
      const [row] = await run(client, 'now', [])
      return Number(row?.[0])
    },

    async read(client, ids) {
      const rows = await run(client, 'read', [byteArray(ids)])
      return rows.map(foundRow)
    },

    async write(client, steps) {
      await tell(client, 'write', itemColumns(steps), toldOf(steps))
    },

    async look(client, steps) {
      const rows = await run(client, 'look', [ids(steps)])
      return rows.map(([id, header, isLeased, now]) => ({
        name: nameOf(id as Uint8Array),
        header: (header as Uint8Array | null) ?? undefined,
        isLeased: Number(isLeased) === 1,
        now: Number(now),
      }))
    },

    async makeStale(client, steps, keys) {
      const columns = [
        ids(steps),
        byteArray(steps.map(({ seen }) => seen ?? null)),
        byteArray(steps.map(({ stale }) => stale?.header ?? null)),
        steps.map(({ stale }) => wholeMilliseconds(stale?.expiredAt)),
      ]
      return count(await tell(client, 'makeStale', columns, { keys }))
    },

    async delete(client, ids, told) {
      return count(await tell(client, 'delete', [byteArray(ids)], told))
    },

    async claim(client, steps, isForced) {
      const rows = await run(client, isForced ? 'claimByForce' : 'claim', claimColumns(steps))
      return {
        now: Number(rows[0]?.[4]),
        rows: rows.map((row) => ({ ...foundRow(row), won: Number(row[3]) === 1 })),
      }
    },

    async renew(client, steps) {
      const columns = [ids(steps), tokens(steps), steps.map(({ thing }) => wholeMilliseconds(thing.life))]
      return names(await run(client, 'renew', columns))
    },

    async fulfil(client, steps) {
      return names(await tell(client, 'fulfil', [...itemColumns(steps), tokens(steps)], toldOf(steps)))
    },

    async release(client, steps) {
      await run(client, 'release', [ids(steps), tokens(steps)])
    },

    async ensure(client, steps) {
      const columns = itemColumns(steps)
      // One message for each, since only those that are made are told.
      if (channel !== undefined)
        columns.push(
          channel,
          toldOf(steps).keys.flatMap((key) => feedMessages({ keys: [key] })),
        )
      const rows = await run(client, 'ensure', columns)
      return rows.map(foundRow)
    },

    async change(client, steps, isSoft) {
      await tell(client, isSoft ? 'changeSoft' : 'change', itemColumns(steps), toldOf(steps))
    },

    async list(client, { from, to, after, limit, what }) {
      const statement = ({ entries: 'listEntries', leases: 'listLeases', rows: 'listRows' } as const)[what]
      // Nothing fits between an id and the same with a zero behind it.
      const start = after === undefined ? from : Buffer.concat([after, Buffer.of(0)])
      const rows = await run(client, statement, [start, to, limit])
      return rows.map(([id, rest]) => ({ id: id as Uint8Array, rest: rest as Uint8Array | null }))
    },

    async sweep(client, limit) {
      return count(await run(client, 'sweep', [limit]))
    },
  }
}

type Statement =
  | 'now'
  | 'read'
  | 'write'
  | 'look'
  | 'makeStale'
  | 'delete'
  | 'claim'
  | 'claimByForce'
  | 'renew'
  | 'fulfil'
  | 'release'
  | 'ensure'
  | 'change'
  | 'changeSoft'
  | 'listEntries'
  | 'listLeases'
  | 'listRows'
  | 'sweep'

function statementsOf(table: string, isTold: boolean): Readonly<Record<Statement, string>> {
  // Not `extract`, which computes in decimals, and takes ten times as long.
  const now = `floor(date_part('epoch', statement_timestamp()) * 1000)::bigint`
  const given = `SELECT id, key_rest, header, payload, least(${never}, ${now} + ttl) AS expires_at
    FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bigint[]) AS given(id, key_rest, header, payload, ttl)`
  const insert = `INSERT INTO ${table} AS entry (id, key_rest, header, payload, expires_at) ${given}
    ON CONFLICT (id) DO UPDATE SET lease_token = NULL, lease_until = 0, `
  const locked = `locked AS MATERIALIZED (SELECT id FROM ${table} WHERE id = ANY($1::bytea[]) ORDER BY id FOR UPDATE)`
  const isAlive = `entry.expires_at > ${now}`
  // Whoever put a larger one there must not be able to end a reader.
  const isReadable = `${isAlive} AND octet_length(entry.payload) <= ${longestPayload}`
  const stands = `entry.lease_until > ${now}`

  /** The answer of a statement, told or not: a list that comes with a query that is always run. */
  const telling = (parameters: number, statement: string, answer: string, condition = ''): string =>
    isTold
      ? `WITH ${statement} SELECT answer.* FROM (
          SELECT count(pg_notify($${parameters + 1}, message)) FROM unnest($${parameters + 2}::text[]) AS message ${condition}
        ) AS told LEFT JOIN (${answer}) AS answer ON true`
      : `WITH ${statement} ${answer}`

  const claiming = (isHeld: string, condition: string): string => `
    WITH claimed AS (
      INSERT INTO ${table} AS entry (id, key_rest, lease_token, lease_until)
      SELECT id, key_rest, token, least(${never}, ${now} + life)
      FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[]) AS given(id, key_rest, token, life)
      ${isHeld}
      ON CONFLICT (id) DO UPDATE SET lease_token = excluded.lease_token, lease_until = excluded.lease_until
      ${condition}
      RETURNING id, CASE WHEN ${isReadable} THEN header END AS header, CASE WHEN ${isReadable} THEN payload END AS payload
    )
    SELECT given.id, coalesce(claimed.header, entry.header), coalesce(claimed.payload, entry.payload),
      (claimed.id IS NOT NULL)::int, ${now}
    FROM unnest($1::bytea[]) AS given(id) LEFT JOIN claimed ON claimed.id = given.id
      LEFT JOIN ${table} AS entry ON entry.id = given.id AND claimed.id IS NULL AND ${isReadable}`

  const changing = (header: string): string =>
    telling(
      5,
      `changed AS (${insert} header = ${header}, payload = excluded.payload, expires_at = greatest(
        CASE WHEN ${isAlive} THEN entry.expires_at END, excluded.expires_at) RETURNING id)`,
      'SELECT count(*) FROM changed',
    )

  const listing = (condition: string): string =>
    `SELECT id, key_rest FROM ${table} AS entry WHERE id >= $1 AND id < $2 ${condition} ORDER BY id LIMIT $3`

  return {
    now: `SELECT date_part('epoch', statement_timestamp()) * 1000`,
    read: `SELECT id, header, payload FROM ${table} AS entry WHERE id = ANY($1::bytea[]) AND ${isReadable}`,
    write: telling(
      5,
      `written AS (${insert} header = excluded.header, payload = excluded.payload, expires_at = excluded.expires_at
        RETURNING id)`,
      'SELECT count(*) FROM written',
    ),
    look: `SELECT id, CASE WHEN ${isAlive} THEN header END, (lease_until > 0)::int, ${now}
      FROM ${table} AS entry WHERE id = ANY($1::bytea[])`,
    makeStale: telling(
      4,
      `${locked}, given AS (
        SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[]) AS given(id, seen, header, expires_at)
      ), staled AS (
        UPDATE ${table} AS entry
        SET header = given.header, expires_at = least(entry.expires_at, given.expires_at), lease_token = NULL, lease_until = 0
        FROM given JOIN locked USING (id)
        WHERE entry.id = given.id AND given.header IS NOT NULL AND entry.header = given.seen AND ${isAlive} RETURNING entry.id
      ), gone AS (
        DELETE FROM ${table} AS entry USING given JOIN locked USING (id)
        WHERE entry.id = given.id AND given.header IS NULL
          AND CASE WHEN given.seen IS NULL THEN NOT ${isAlive} ELSE entry.header = given.seen END RETURNING entry.id
      )`,
      'SELECT (SELECT count(*) FROM staled) + (SELECT count(*) FROM gone)',
    ),
    delete: telling(
      1,
      `${locked}, gone AS (DELETE FROM ${table} AS entry USING locked WHERE entry.id = locked.id RETURNING entry.expires_at)`,
      `SELECT count(*) FROM gone AS entry WHERE ${isAlive}`,
    ),
    // Those who come for what is held must not lock it, or its holder would stand in line with them.
    claim: claiming(
      `WHERE NOT EXISTS (SELECT FROM ${table} AS entry WHERE entry.id = given.id AND ${stands})`,
      `WHERE NOT ${stands}`,
    ),
    claimByForce: claiming('', ''),
    renew: `WITH ${locked} UPDATE ${table} AS entry SET lease_until = least(${never}, ${now} + life)
      FROM unnest($1::bytea[], $2::bytea[], $3::bigint[]) AS given(id, token, life) JOIN locked USING (id)
      WHERE entry.id = given.id AND entry.lease_token = given.token AND ${stands} RETURNING entry.id`,
    // An update, never an insert: where the lease has gone the row may have gone with it, and must not come back.
    fulfil: telling(
      6,
      `${locked}, written AS (
        UPDATE ${table} AS entry SET header = given.header, payload = given.payload,
          expires_at = least(${never}, ${now} + ttl), lease_token = NULL, lease_until = 0
        FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bigint[], $6::bytea[])
          AS given(id, key_rest, header, payload, ttl, token) JOIN locked USING (id)
        WHERE entry.id = given.id AND entry.lease_token = given.token AND ${stands} RETURNING entry.id
      )`,
      'SELECT id FROM written',
      'WHERE EXISTS (SELECT FROM written)',
    ),
    // A row without an entry is dead then, and the sweeper's.
    release: `WITH ${locked} UPDATE ${table} AS entry SET lease_token = NULL, lease_until = 0
      FROM unnest($1::bytea[], $2::bytea[]) AS given(id, token) JOIN locked USING (id)
      WHERE entry.id = given.id AND entry.lease_token = given.token`,
    ensure: `WITH ensured AS (
        INSERT INTO ${table} AS entry (id, key_rest, header, payload, expires_at) ${given}
        ON CONFLICT (id) DO UPDATE SET
          header = CASE WHEN ${isAlive} THEN entry.header ELSE excluded.header END,
          payload = CASE WHEN ${isAlive} THEN entry.payload ELSE excluded.payload END,
          expires_at = CASE WHEN ${isAlive} THEN greatest(entry.expires_at, excluded.expires_at)
            ELSE excluded.expires_at END
        RETURNING id, header, payload)
      ${
        isTold
          ? `SELECT ensured.* FROM (
            SELECT count(pg_notify($6, message))
            FROM unnest($1::bytea[], $3::bytea[], $4::bytea[], $7::text[]) AS given(id, header, payload, message)
              JOIN ensured USING (id)
            WHERE ensured.header = given.header AND ensured.payload = given.payload
          ) AS told LEFT JOIN ensured ON true`
          : 'SELECT * FROM ensured'
      }`,
    change: changing('excluded.header'),
    changeSoft: changing(`CASE WHEN ${isAlive} THEN entry.header ELSE excluded.header END`),
    listEntries: listing(`AND ${isAlive}`),
    listLeases: listing(`AND lease_until > ${now}`),
    listRows: listing(''),
    sweep: `WITH gone AS (
        DELETE FROM ${table} WHERE id IN (
          SELECT id FROM ${table} WHERE expires_at <= ${now} AND lease_until <= ${now}
          LIMIT $1 FOR UPDATE SKIP LOCKED
        ) RETURNING id
      ) SELECT count(*) FROM gone`,
  }
}

/** The columns of items: id, rest of the key, header, payload, life. */
function itemColumns(steps: readonly Step<StoredItem>[]): unknown[] {
  return [
    ids(steps),
    byteArray(steps.map(({ rest }) => rest)),
    byteArray(steps.map(({ thing }) => thing.header)),
    byteArray(steps.map(({ thing }) => thing.payload)),
    steps.map(({ thing }) => wholeMilliseconds(thing.ttl)),
  ]
}

function claimColumns(steps: readonly Step<Claim>[]): unknown[] {
  return [
    ids(steps),
    byteArray(steps.map(({ rest }) => rest)),
    tokens(steps),
    steps.map(({ thing }) => wholeMilliseconds(thing.life)),
  ]
}

function ids(steps: readonly { readonly id: Uint8Array }[]): Uint8Array {
  return byteArray(idsOf(steps))
}

function tokens(steps: readonly Step<Held | LeasedItem>[]): Uint8Array {
  return byteArray(steps.map(({ thing }) => Buffer.from(thing.token)))
}

function toldOf(steps: readonly Step<StoredItem>[]): { readonly keys: readonly string[] } {
  return { keys: steps.map(({ thing }) => thing.key) }
}

function foundRow([id, header, payload]: readonly unknown[]): {
  name: string
  header?: Uint8Array
  payload?: Uint8Array
} {
  const name = nameOf(id as Uint8Array)
  return header === null || payload === null
    ? { name }
    : { name, header: header as Uint8Array, payload: payload as Uint8Array }
}

/** The names in a list that comes with an empty row if there are none. */
function names(rows: readonly (readonly unknown[])[]): readonly string[] {
  return rows.filter(([id]) => id !== null && id !== undefined).map(([id]) => nameOf(id as Uint8Array))
}

function count(rows: readonly (readonly unknown[])[]): number {
  return Number(rows[0]?.[0] ?? 0)
}
