import Database from 'libsql'
import { expectTypeOf, test } from 'vitest'
import { sqlite, type SqliteClient } from 'tiercel/sqlite'

test('the database of a driver can be handed in as it is', () => {
  expectTypeOf(new Database(':memory:')).toExtend<SqliteClient>()
  sqlite({ client: new Database(':memory:') })
})

test('a path or a client, one of them', () => {
  sqlite({ path: 'cache.db', writes: { flushEvery: '5ms' } })
  // @ts-expect-error neither
  sqlite({ table: 'cache' })
  // @ts-expect-error both
  sqlite({ path: 'cache.db', client: new Database(':memory:') })
  // @ts-expect-error no driver of that name
  sqlite({ path: 'cache.db', driver: 'sqlite3' })
})
