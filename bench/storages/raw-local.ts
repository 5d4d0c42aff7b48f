import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase } from '../../src/storages/sql/sqlite/sqlite-driver.ts'
import { bytesOf, type SqliteBlob } from '../../src/clients/sqlite-client.ts'
import type { Raw } from './raw.ts'

/** The driver of SQLite: a table with a text key and a blob; writes of one call in one transaction. */
export async function rawSqlite(folder: string): Promise<Raw> {
  const client = await openDatabase(join(folder, 'raw.db'))
  client.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  client.exec('CREATE TABLE raw (key TEXT PRIMARY KEY, value BLOB)')
  const read = client.prepare('SELECT value FROM raw WHERE key = ?')
  const write = client.prepare('INSERT INTO raw VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
  const get = (key: string): Uint8Array | undefined => {
    const row = read.get(key) as { readonly value: SqliteBlob } | undefined
    return row && bytesOf(row.value)
  }
  return {
    get: (key) => Promise.resolve(get(key)),
    getMany: (keys) => Promise.resolve(keys.map(get)),
    set: (key, bytes) => Promise.resolve(void write.run(key, bytes)),
    setMany(items) {
      client.exec('BEGIN')
      for (const { key, bytes } of items) write.run(key, bytes)
      client.exec('COMMIT')
      return Promise.resolve()
    },
    close: () => Promise.resolve(void client.close()),
  }
}

/** One file per key. */
export async function rawFile(folder: string): Promise<Raw> {
  const directory = join(folder, 'raw')
  await mkdir(directory)
  const get = async (key: string): Promise<Uint8Array> => readFile(join(directory, key))
  const set = (key: string, bytes: Uint8Array): Promise<void> => writeFile(join(directory, key), bytes)
  return {
    get,
    getMany: (keys) => Promise.all(keys.map(get)),
    set,
    async setMany(items) {
      await Promise.all(items.map(({ key, bytes }) => set(key, bytes)))
    },
    close: () => Promise.resolve(),
  }
}
