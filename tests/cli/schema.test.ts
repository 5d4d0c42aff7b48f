import { describe, expect, test } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { openDatabase } from '../../src/storages/sql/sqlite/sqlite-driver.ts'
import { sqlite } from 'tiercel/sqlite'
import { item, texts } from '../storages/items.ts'
import { FakeTerminal } from './fake-terminal.ts'

async function printed(...parameters: readonly string[]): Promise<string> {
  const terminal = new FakeTerminal()
  expect(await run(['schema', ...parameters], terminal)).toBe(0)
  expect(terminal.errors).toBe('')
  return terminal.written
}

test('a table that was made by the script of SQLite is taken for its own', async () => {
  const client = await openDatabase(':memory:')
  client.exec(await printed('sqlite', '--table', 'pages'))
  const storage = sqlite({ client, table: 'pages' })
  await storage.setMany([item('a')])
  expect(await texts(storage, 'a')).toEqual(['a'])
  await storage.close()
  client.close()
})

test('each dialect has its own words', async () => {
  expect(await printed('postgres', '--table', 'pages')).toMatch(
    /^BEGIN;\nCREATE TABLE "pages" \([^;]*bytea[^;]*;\nCOMMENT ON/,
  )
  expect(await printed('postgresql', '--unlogged')).toMatch(/^BEGIN;\nCREATE UNLOGGED TABLE "tiercel"/)
  expect(await printed('mysql')).toMatch(/^CREATE TABLE `tiercel` \([^;]*LONGBLOB/)
  expect(await printed('mariadb', '--table', 'pages')).toBe(await printed('mysql', '--table', 'pages'))
  expect(await printed('mongodb', '--database', 'shop', '--collection', 'pages')).toMatch(
    /^db\.getSiblingDB\("shop"\)\.getCollection\("pages"\)\.createIndex\(/,
  )
})

test('help has examples', async () => {
  expect(await printed('--help')).toContain('Examples\n  tiercel schema postgres --table pages | psql shop\n')
})

describe('one clear line, and the exit code', () => {
  test.each([
    [[], 'name a dialect: one of sqlite, postgres, postgresql, mysql, mariadb, mongodb; see tiercel schema --help'],
    [['oracle'], 'DIALECT: expected one of sqlite, postgres, postgresql, mysql, mariadb, mongodb, got "oracle"'],
    [['constructor'], 'DIALECT: expected one of'],
    [['mysql', 'sqlite'], 'DIALECT: expected a single one, got "mysql sqlite"'],
    [['mysql', '--unlogged'], '--unlogged: expected only --table for mysql'],
    [['mongodb', '--table', 'x'], '--table: expected only --database, --collection for mongodb'],
    [['postgres', '--table', 'x"; --'], 'postgres: table: expected a name of letters'],
    [['mongodb', '--collection', 'system.x'], 'mongodb: collection: expected a name'],
    [['mongodb', '--database', 'a.b'], 'mongodb: database: expected a name'],
    [['sqlite', '--tabel', 'x'], "Unknown option '--tabel'; see tiercel schema --help"],
  ])('for %j', async (parameters, message) => {
    const terminal = new FakeTerminal()
    expect(await run(['schema', ...parameters], terminal)).toBe(2)
    expect(terminal.errors).toContain(`tiercel schema: ${message}`)
    expect(terminal.errors.split('\n')).toHaveLength(2)
    expect(terminal.written).toBe('')
  })
})
