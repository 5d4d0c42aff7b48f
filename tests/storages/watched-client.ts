import type { SqliteClient, SqliteStatement, SqliteValue } from '../../src/clients/sqlite-client.ts'
import { openDatabase } from '../../src/storages/sql/sqlite/sqlite-driver.ts'

/** A database that tells what is done to it, and fails where it is told to. */
export interface WatchedClient extends SqliteClient {
  /** What was executed outside statements: transactions, in order. */
  readonly story: string[]
  /** A write with this text among its values fails. */
  poison: string | undefined
}

export async function watchedClient(path = ':memory:'): Promise<WatchedClient> {
  const client = await openDatabase(path)
  const story: string[] = []

  const watch = (statement: SqliteStatement): SqliteStatement => ({
    run(...values) {
      if (values.some((value) => isPoison(value, watched.poison))) throw new Error('poisoned')
      return statement.run(...values)
    },
    get: (...values) => statement.get(...values),
    all: (...values) => statement.all(...values),
  })

  const watched: WatchedClient = {
    story,
    poison: undefined,
    exec(sql) {
      story.push(sql)
      return client.exec(sql)
    },
    prepare: (sql) => watch(client.prepare(sql)),
    close: () => client.close(),
  }
  return watched
}

function isPoison(value: SqliteValue, poison: string | undefined): boolean {
  return poison !== undefined && value instanceof Uint8Array && Buffer.compare(value, Buffer.from(poison)) === 0
}
