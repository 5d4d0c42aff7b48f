import { expect, test } from 'vitest'
import { virtualClock } from 'tiercel/testing'
import { Connections } from '../../../src/storages/sql/server/connections.ts'
import { serverTable } from '../../../src/storages/sql/server/server-table.ts'
import type { SqlDialect, StaleStep } from '../../../src/storages/sql/server/sql-dialect.ts'
import type { SqlTable } from '../../../src/storages/sql/sql-table.ts'
import { readHeader } from '../../../src/serializers/envelope.ts'
import { headerAt } from '../items.ts'

const now = 1_000_000

/** A table with one row, `a`, which others change so many times between a look at it and what is done then. */
function contested(changes: number): { readonly table: SqlTable; readonly tried: StaleStep[] } {
  let header = headerAt(now)
  let left = changes
  const tried: StaleStep[] = []
  const dialect: Partial<SqlDialect<string>> = {
    limits: { rows: 10, bytes: 1_000 },
    look: () => Promise.resolve([{ name: 'a', header, isLeased: false, now }]),
    makeStale(_client, steps) {
      tried.push(...steps)
      if (left === 0) return Promise.resolve(steps.length)
      left--
      header = headerAt(now - left)
      return Promise.resolve(0)
    },
  }
  const connections = new Connections({
    dialect: 'test',
    source: {
      connect: () => Promise.resolve({ client: 'client', release: () => undefined }),
      end: () => Promise.resolve(),
    },
    limits: { connect: 1_000, statement: 1_000 },
    clock: virtualClock(),
    faultOf: () => 'broken',
  })
  return { table: serverTable(connections, dialect as SqlDialect<string>), tried }
}

test('an entry that is written anew while it is made stale is looked at again, and made stale as it is now', async () => {
  const { table, tried } = contested(3)
  await table.expireMany(['a'])
  expect(tried.map(({ seen }) => readHeader(seen!).createdAt)).toEqual([now, now - 2, now - 1, now])
  for (const { stale } of tried) expect(readHeader(stale!.header).staleAt).toBe(now)
})

test('an entry that changes all the time is given up after some looks', async () => {
  const { table, tried } = contested(1_000)
  await expect(table.expireMany(['a'])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  expect(tried).toHaveLength(20)
})
