import { MongoClient } from 'mongodb'
import { createPool } from 'mysql2/promise'
import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import type { Storage } from 'tiercel'
import { mongodb } from 'tiercel/mongodb'
import { mysql } from 'tiercel/mysql'
import { postgres } from 'tiercel/postgres'
import { run } from '../../src/cli/run.ts'
import { isServerHere, useServer } from '../servers/servers.ts'
import { item, texts } from '../storages/items.ts'
import { FakeTerminal } from './fake-terminal.ts'

const name = `schema_${process.pid}`

async function printed(...parameters: readonly string[]): Promise<string> {
  const terminal = new FakeTerminal()
  await run(['schema', ...parameters], terminal)
  return terminal.written
}

/** A storage that may make nothing, on what the script has made. */
async function expectToWork(storage: Storage): Promise<void> {
  await storage.setMany([item('a')])
  expect(await texts(storage, 'a')).toEqual(['a'])
  await storage.close()
}

describe.skipIf(!(await isServerHere('postgres')))('the script for Postgres', () => {
  const server = useServer('postgres')

  test.each([[], ['--unlogged']])('makes what the storage needs %s', async (...options) => {
    const client = new Client(server.url)
    await client.connect()
    try {
      await client.query(await printed('postgres', '--table', name, ...options))
      await expectToWork(postgres({ url: server.url, table: name, createSchema: false }))
    } finally {
      await client.query(`DROP TABLE IF EXISTS "${name}"`)
      await client.end()
    }
  })
})

describe.skipIf(!(await isServerHere('mysql')))('the script for MySQL', () => {
  const server = useServer('mysql')

  test('makes what the storage needs', async () => {
    const pool = createPool(server.url.replace(/^mariadb:/, 'mysql:'))
    try {
      await pool.query(await printed('mysql', '--table', name))
      await expectToWork(mysql({ url: server.url, table: name, createSchema: false }))
    } finally {
      await pool.query(`DROP TABLE IF EXISTS \`${name}\``)
      await pool.end()
    }
  })
})

describe.skipIf(!(await isServerHere('mongodb')))('the script for mongosh', () => {
  const server = useServer('mongodb')

  test('makes what the storage needs', async () => {
    const client = new MongoClient(server.url)
    const collection = client.db('tiercel_tests').collection(name)
    try {
      const script = await printed('mongodb', '--database', 'tiercel_tests', '--collection', name)
      // What `db` is in mongosh, as far as the script goes.
      const db = {
        getSiblingDB: (database: string) => ({
          getCollection: (one: string) => client.db(database).collection(one),
        }),
      }
      const [, database, made, keys, options] =
        /^db\.getSiblingDB\((.*?)\)\.getCollection\((.*?)\)\.createIndex\(\n(.*),\n(.*)\n\);\n$/.exec(script) ?? []
      const read = (text = ''): never => JSON.parse(text) as never
      await db.getSiblingDB(read(database)).getCollection(read(made)).createIndex(read(keys), read(options))
      expect((await collection.indexes()).map((index) => index.name)).toContain('tiercel_1_dropAt')
      const storage = mongodb({ url: server.url, database: 'tiercel_tests', collection: name })
      await expectToWork(storage)
      expect(await collection.indexes()).toHaveLength(2)
    } finally {
      await collection.drop().catch(() => undefined)
      await client.close()
    }
  })
})
