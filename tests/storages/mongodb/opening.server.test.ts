import { randomUUID } from 'node:crypto'
import { MongoClient, type Collection } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mongodb, type MongodbOptions } from 'tiercel/mongodb'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { item, texts } from '../items.ts'

describe.skipIf(!(await isServerHere('mongodb')))('opening', () => {
  const server = useServer('mongodb')
  let client: MongoClient
  let documents: Collection<{ _id: string }>
  const closing: (() => Promise<unknown>)[] = []

  beforeAll(() => {
    client = new MongoClient(server.url)
  })
  beforeEach(() => {
    documents = client.db('tiercel_tests').collection(`opening_${randomUUID()}`)
  })
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
    await documents.drop().catch(() => undefined)
  })
  afterAll(() => client.close())

  function open(options: Partial<MongodbOptions> = {}): ReturnType<typeof mongodb> {
    const { collectionName: collection } = documents
    const storage = mongodb({ url: server.url, database: 'tiercel_tests', collection, ...options } as MongodbOptions)
    closing.push(() => storage.close())
    return storage
  }

  const indexNames = async (): Promise<(string | undefined)[]> =>
    (await documents.indexes()).map((index) => index.name).toSorted((one = '', other = '') => (one < other ? -1 : 1))

  test('makes the collection with an index that lets documents end, and finds it the next time', async () => {
    await Promise.all([open().open(), open().open(), open().open()])
    await open().open()
    expect(await indexNames()).toEqual(['_id_', 'tiercel_1_dropAt'])
    const [index] = (await documents.indexes()).filter(({ name }) => name !== '_id_')
    expect(index).toMatchObject({ key: { dropAt: 1 }, expireAfterSeconds: 0 })
  })

  test('refuses a collection of somebody else, and leaves it as it was', async () => {
    await documents.insertOne({ _id: 'theirs' })
    const storage = open()
    await expect(storage.setMany([item('a')])).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(
        'holds documents that are no cache of Tiercel: give another `collection`',
      ) as string,
    })
    expect(await indexNames()).toEqual(['_id_'])
    expect(await documents.countDocuments()).toBe(1)
  })

  test('refuses an index of the same name with another meaning', async () => {
    await documents.createIndex({ dropAt: 1 }, { name: 'tiercel_1_dropAt', expireAfterSeconds: 60 })
    await expect(open().open()).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('makes nothing when told so', async () => {
    const storage = open({ createSchema: false })
    await storage.setMany([item('a')])
    expect(await texts(storage, 'a')).toEqual(['a'])
    expect(await indexNames()).toEqual(['_id_'])
  })

  test('takes the database from the URL', async () => {
    const url = server.url.replace('/?', '/tiercel_tests?')
    expect(url).not.toBe(server.url)
    const storage = mongodb({ url, collection: documents.collectionName })
    closing.push(() => storage.close())
    await storage.setMany([item('a')])
    expect(await documents.countDocuments()).toBe(1)
  })

  test('with a client leaves it open, whatever becomes of the storage', async () => {
    const storage = open({ client, url: undefined })
    await storage.setMany([item('a')])
    await storage.close()
    expect(await documents.countDocuments()).toBe(1)
    await documents.drop()
    await documents.insertOne({ _id: 'theirs' })
    await expect(open({ client, url: undefined }).open()).rejects.toThrow()
    expect(await documents.countDocuments()).toBe(1)
  })

  test('has no more connections than it was given', async () => {
    const opened: unknown[] = []
    const watched = new MongoClient(server.url, { maxPoolSize: 3 })
    watched.on('connectionCreated', (event) => opened.push(event))
    closing.push(() => watched.close())
    const storage = open({ client: watched, url: undefined })
    await Promise.all(Array.from({ length: 50 }, (_, index) => storage.setMany([item(`${index}`)])))
    expect(opened.length).toBeLessThanOrEqual(3)
  })
})
