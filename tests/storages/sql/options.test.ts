import { afterEach, describe, expect, test, vi } from 'vitest'
import { mysql, type MysqlOptions } from 'tiercel/mysql'
import { postgres, type PostgresOptions } from 'tiercel/postgres'
import { schemaOf, sqlDialectNames } from '../../../src/storages/sql/schema.ts'

describe('options that make no sense are refused at once', () => {
  const url = 'postgres://localhost/shop'
  test.each<[string, object]>([
    ['', {}],
    ['', { url, pool: {} }],
    ['', { pool: {}, client: {} }],
    ['url', { url: 'mysql://localhost/shop' }],
    ['url', { url: '' }],
    ['url', { url: 7 }],
    ['poolSize', { url, poolSize: 0 }],
    ['poolSize', { url, poolSize: 1.5 }],
    ['table', { url, table: 'a"; DROP TABLE users' }],
    ['table', { url, table: '' }],
    ['table', { url, table: 'x'.repeat(49) }],
    ['durability', { url, durability: 'none' }],
    ['feed', { url, feed: true }],
    ['statements', { url, statements: 'named' }],
    ['sweepEvery', { url, sweepEvery: 0 }],
    ['limits.connect', { url, limits: { connect: 0 } }],
    ['limits.statement', { url, limits: { statement: '5' } }],
  ])('postgres: %s: %j', (where, options) => {
    expect(() => postgres(options as PostgresOptions)).toThrow(refused('postgres', where))
  })

  test.each<[string, object]>([
    ['', {}],
    ['', { url: 'mysql://localhost/shop', pool: {} }],
    ['url', { url: 'postgres://localhost/shop' }],
    ['poolSize', { url: 'mariadb://localhost/shop', poolSize: -1 }],
    ['table', { url: 'mysql://localhost/shop', table: 'a`b' }],
  ])('mysql: %s: %j', (where, options) => {
    expect(() => mysql(options as MysqlOptions)).toThrow(refused('mysql', where))
  })

  test('no password is repeated in an error', () => {
    const secret = 'mysql://root:secret@localhost/shop'
    expect(() => postgres({ url: secret })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('secret') as string }),
    )
  })
})

test.each(sqlDialectNames)(
  'the schema of %s can be had without its driver, and names the table that was asked for',
  (dialect) => {
    const schema = schemaOf(dialect, { table: 'pages' })
    expect(schema).toMatch(/CREATE TABLE ["`]pages["`]/)
    expect(schema).toContain('tiercel entries, version 1')
    expect(() => schemaOf(dialect, { table: 'pages; DROP TABLE users' })).toThrow(refused(dialect, 'table'))
  },
)

test('the schema of something else is refused', () => {
  expect(() => schemaOf('oracle' as 'mysql')).toThrow(refused('schema', ''))
})

describe('a driver that is missing is named, and what to install', () => {
  afterEach(() => {
    vi.doUnmock('pg')
    vi.doUnmock('mysql2')
  })

  test.each([
    ['pg', () => postgres({ url: 'postgres://localhost/shop' })],
    ['mysql2', () => mysql({ url: 'mysql://localhost/shop' })],
  ])('%s', async (name, make) => {
    vi.doMock(name, () => {
      throw new Error('not found')
    })
    const storage = make()
    await expect(storage.open()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining(`npm install ${name}`) as string,
    })
    await storage.close()
  })
})

function refused(dialect: string, where: string): object {
  const message = expect.stringMatching(new RegExp(`^${dialect}: ${where}`.trim())) as string
  return expect.objectContaining({ code: 'INVALID_OPTION', message }) as object
}
