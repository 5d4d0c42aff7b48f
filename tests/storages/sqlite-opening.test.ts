import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sqlite, type SqliteOptions } from 'tiercel/sqlite'
import { openDatabase } from '../../src/storages/sql/sqlite/sqlite-driver.ts'
import { schemaOf } from '../../src/storages/sql/schema.ts'
import { driversHere } from './drivers.ts'
import { temporaryFolder } from './folder.ts'
import { item, texts } from './items.ts'

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const inFolder = (...names: readonly string[]): string => join(folder.path, ...names)

describe('options that make no sense are refused at once', () => {
  test.each<[string, object]>([
    ['path', {}],
    ['path', { path: '' }],
    ['path', { path: 7 }],
    ['path', { path: 'a\0b' }],
    ['path', { path: 'a.db', client: {} }],
    ['driver', { path: 'a.db', driver: 'sqlite3' }],
    ['table', { path: 'a.db', table: 'a"; DROP TABLE users' }],
    ['table', { path: 'a.db', table: 'sqlite_stat1' }],
    ['table', { path: 'a.db', table: '' }],
    ['writes.flushEvery', { path: 'a.db', writes: { flushEvery: '2d' } }],
    ['writes.flushEvery', { path: 'a.db', writes: { flushEvery: -1 } }],
    ['writes.busyFor', { path: 'a.db', writes: { busyFor: Infinity } }],
    ['sweepEvery', { path: 'a.db', sweepEvery: 0 }],
  ])('%s: %j', (where, options) => {
    expect(() => sqlite(options as SqliteOptions)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(`sqlite: ${where}`) as string,
      }),
    )
  })
})

test.skipIf(driversHere.includes('better-sqlite3'))(
  'a driver that is missing is named, and what to install',
  async () => {
    const storage = sqlite({ path: inFolder('a.db'), driver: 'better-sqlite3' })
    await expect(storage.open()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('npm install better-sqlite3') as string,
    })
  },
)

describe.each(driversHere)('with %s', (driver) => {
  test('folders that are missing are made, and nobody else may read in them', async () => {
    const storage = sqlite({ path: inFolder('deep', 'down', 'a.db'), driver })
    await storage.setMany([item('a')])
    expect(statSync(inFolder('deep', 'down')).mode & 0o777).toBe(0o700)
    for (const name of ['a.db', 'a.db-wal']) expect(statSync(inFolder('deep', 'down', name)).mode & 0o777).toBe(0o600)
    await storage.close()
  })

  test('a path is a path, whatever it looks like, and stays the same when the working directory changes', async () => {
    const workingDirectory = vi.spyOn(process, 'cwd').mockReturnValue(folder.path)
    const storage = sqlite({ path: 'http:cache?mode=memory', driver })
    workingDirectory.mockRestore()
    await storage.setMany([item('a')])
    await storage.close()
    expect(statSync(inFolder('http:cache?mode=memory')).size).toBeGreaterThan(0)
  })

  test('a table that is missing is not made with createSchema: false, and is used once it was made by hand', async () => {
    const options = { path: inFolder('a.db'), driver, table: 'pages' }
    const storage = sqlite({ ...options, createSchema: false })
    await expect(storage.open()).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('tiercel schema sqlite --table pages') as string,
    })
    const client = await openDatabase(options.path, driver)
    client.exec(schemaOf('sqlite', { table: 'pages' }))
    client.close()
    await storage.setMany([item('a')])
    expect(await texts(storage, 'a')).toEqual(['a'])
    await storage.close()
  })

  test('a file that is no database is refused and left as it was', async () => {
    const text = 'these are my notes, and not a database\n'.repeat(200)
    writeFileSync(inFolder('notes.txt'), text)
    const storage = sqlite({ path: inFolder('notes.txt'), driver })
    await expect(storage.open()).rejects.toMatchObject({ code: 'UNREADABLE' })
    await storage.close()
    expect(readFileSync(inFolder('notes.txt'), 'utf8')).toBe(text)
  })

  test('a database that is damaged is refused and left as it was', async () => {
    await madeBy(driver, 'CREATE TABLE users (name TEXT); CREATE INDEX by_name ON users (name)')
    const damaged = readFileSync(inFolder('theirs.db')).fill(0xa5, 100, 4096)
    writeFileSync(inFolder('theirs.db'), damaged)
    const storage = sqlite({ path: inFolder('theirs.db'), driver })
    await expect(storage.open()).rejects.toMatchObject({ code: 'UNREADABLE' })
    await storage.close()
    expect(readFileSync(inFolder('theirs.db'))).toEqual(damaged)
  })

  test.each([
    ['a table of somebody else', 'CREATE TABLE tiercel (key TEXT, value TEXT)'],
    ['a view', 'CREATE VIEW Tiercel AS SELECT 1 AS key'],
    ['a table of a later Tiercel', 'CREATE TABLE tiercel ( /* tiercel entries, version 2 */ key BLOB)'],
  ])('%s under our name is refused, and the file left as it was', async (_what, sql) => {
    await madeBy(driver, sql)
    const before = readFileSync(inFolder('theirs.db'))
    const storage = sqlite({ path: inFolder('theirs.db'), driver })
    await expect(storage.setMany([item('a')])).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('give another `table`') as string,
    })
    await storage.close()
    expect(readFileSync(inFolder('theirs.db'))).toEqual(before)

    const elsewhere = sqlite({ path: inFolder('theirs.db'), driver, table: 'cache' })
    await elsewhere.setMany([item('a')])
    expect(await texts(elsewhere, 'a')).toEqual(['a'])
    await elsewhere.close()
  })

  test('DEFECTS 16: other tables of the database survive everything, those of other caches too', async () => {
    const client = await madeBy(driver, 'CREATE TABLE users (key TEXT); INSERT INTO users VALUES (1), (2)', true)
    const one = sqlite({ client, table: 'one' })
    const two = sqlite({ client, table: 'two' })
    await one.setMany([item('a', 'one')])
    await two.setMany([item('a', 'two')])
    await one.clear('')
    expect(await texts(one, 'a')).toEqual([undefined])
    expect(await texts(two, 'a')).toEqual(['two'])
    expect(client.prepare('SELECT count(*) AS n FROM users').get()).toMatchObject({ n: 2 })
    await one.close()
    await two.close()
    client.close()
  })

  test('what was stored is there when it is opened again', async () => {
    for (const expected of [undefined, 'a']) {
      const storage = sqlite({ path: inFolder('a.db'), driver })
      expect(await texts(storage, 'a')).toEqual([expected])
      await storage.setMany([item('a')])
      await storage.close()
    }
  })

  test('a directory, and a path through a file, can not be opened', async () => {
    mkdirSync(inFolder('folder.db'))
    writeFileSync(inFolder('file'), '')
    for (const path of [inFolder('folder.db'), inFolder('file', 'a.db')]) {
      const storage = sqlite({ path, driver })
      await expect(storage.open()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      await storage.close()
    }
  })

  test('an opening that failed is tried again by the next operation', async () => {
    writeFileSync(inFolder('not-yet'), '')
    const storage = sqlite({ path: inFolder('not-yet', 'a.db'), driver })
    await expect(storage.open()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    await temporaryOut()
    await storage.setMany([item('a')])
    expect(await texts(storage, 'a')).toEqual(['a'])
    await storage.close()
  })

  test('a client that was handed in stays open, and keeps its settings', async () => {
    const client = await openDatabase(inFolder('mine.db'), driver)
    client.exec('PRAGMA busy_timeout = 77')
    const storage = sqlite({ client })
    await storage.setMany([item('a')])
    await storage.close()
    expect(client.prepare('PRAGMA busy_timeout').get()).toMatchObject({ timeout: 77 })
    expect(client.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'delete' })
    client.close()
  })
})

async function madeBy(driver: (typeof driversHere)[number], sql: string, staysOpen?: true) {
  const client = await openDatabase(inFolder('theirs.db'), driver)
  client.exec(sql)
  if (staysOpen !== true) client.close()
  return client
}

async function temporaryOut(): Promise<void> {
  const { rm } = await import('node:fs/promises')
  await rm(inFolder('not-yet'))
}
