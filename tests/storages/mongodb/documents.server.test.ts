import { randomBytes, randomUUID } from 'node:crypto'
import { MongoClient, type Collection } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Storage } from 'tiercel'
import { mongodb } from 'tiercel/mongodb'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { claim, headerAt, item, texts } from '../items.ts'

interface Document {
  readonly _id: string
  readonly [field: string]: unknown
}

describe.skipIf(!(await isServerHere('mongodb')))('documents', { timeout: 120_000 }, () => {
  const server = useServer('mongodb')
  const name = `documents_${randomUUID()}`
  let client: MongoClient
  let documents: Collection<Document>
  let storage: Storage

  beforeAll(async () => {
    client = new MongoClient(server.url)
    documents = client.db('tiercel_tests').collection(name)
    // 16 MiB take a while where others are busy too.
    storage = mongodb({ url: server.url, database: 'tiercel_tests', collection: name, limits: { command: '1m' } })
    await storage.open()
  })
  beforeEach(() => documents.deleteMany({}))
  afterAll(async () => {
    await storage.close()
    await documents.drop()
    await client.close()
  })

  test('hold header and payload as binary fields, and moments as dates of the server', async () => {
    await storage.setMany([item('a', 'text', 60_000)])
    const document = await documents.findOne({ _id: 'a' }, { promoteBuffers: true })
    const now = (await storage.capabilities.time?.now()) ?? 0
    expect(document).toEqual({
      _id: 'a',
      tiercel: 1,
      header: Buffer.from(headerAt(0)),
      payload: Buffer.from('text'),
      expiresAt: expect.any(Date) as Date,
      dropAt: document?.['expiresAt'],
    })
    const left = Number(document?.['expiresAt']) - now
    expect(left).toBeLessThanOrEqual(60_000)
    expect(left).toBeGreaterThan(50_000)
  })

  test('DEFECTS 30: are dropped when both the entry and its lease have ended', async () => {
    await storage.setMany([item('entry', 'entry', 1_000), item('for ever'), item('both', 'both', 1_000)])
    await claim(storage, 'lease', 'mine')
    await claim(storage, 'both', 'mine')
    await claim(storage, 'for ever', 'mine')
    const found = await documents.find({}).toArray()
    const dropAt = Object.fromEntries(found.map((document) => [document._id, document['dropAt'] as Date]))
    const of = (key: string, field: string): unknown => found.find(({ _id }) => _id === key)?.[field]
    expect(dropAt['entry']).toEqual(of('entry', 'expiresAt'))
    expect(dropAt['lease']).toEqual(of('lease', 'leaseUntil'))
    expect(dropAt['both']).toEqual(of('both', 'leaseUntil'))
    expect(dropAt['for ever']?.getUTCFullYear()).toBe(9999)

    await storage.capabilities.leases?.releaseMany(['both', 'lease'].map((key) => ({ key, token: 'mine' })))
    expect((await documents.findOne({ _id: 'both' }))?.['dropAt']).toEqual(of('both', 'expiresAt'))
    expect(await documents.findOne({ _id: 'lease' })).toBeNull()
  })

  test('of somebody else under a key of ours are a miss, and make way for an entry', async () => {
    await documents.insertMany([
      { _id: 'text', header: 'not bytes', payload: 'not bytes', expiresAt: new Date('9999-01-01') },
      { _id: 'empty' },
      { _id: 'no payload', header: Buffer.from('x'), expiresAt: new Date('9999-01-01') },
      { _id: 'no moment', header: Buffer.from('x'), payload: Buffer.from('x') },
      { _id: 'no date', header: Buffer.from('x'), payload: Buffer.from('x'), expiresAt: 'tomorrow' },
    ])
    const keys = ['text', 'empty', 'no payload', 'no moment', 'no date']
    expect(await texts(storage, ...keys)).toEqual(keys.map(() => undefined))
    const answers = await storage.capabilities.leases?.claimMany(
      keys.map((key) => ({ key, token: 'mine', life: 60_000 })),
    )
    expect(answers?.map(({ won, stored }) => [won, stored])).toEqual(keys.map(() => [true, undefined]))
    await storage.setMany(keys.map((key) => item(key, 'ours')))
    expect(await texts(storage, ...keys)).toEqual(keys.map(() => 'ours'))
    expect(await documents.findOne({ _id: 'text' })).not.toHaveProperty('lease')
  })

  test('of somebody else outlive a clear, even in our collection', async () => {
    await documents.insertMany([{ _id: 'shop:theirs', name: 'theirs' }])
    await storage.setMany([item('shop:ours'), item('other')])
    await storage.clear('shop:')
    expect((await documents.find({}).toArray()).map(({ _id }) => _id).sort()).toEqual(['other', 'shop:theirs'])
  })

  test('whose header was cut off are read as they are, and deleted rather than made stale', async () => {
    await storage.setMany([{ key: 'a', header: headerAt(0).subarray(0, 7), payload: Buffer.from('x') }])
    expect((await storage.getMany(['a']))[0]?.header).toHaveLength(7)
    await storage.expireMany(['a'])
    expect(await documents.countDocuments()).toBe(0)
  })

  test('DEFECTS 24: have an _id that every index takes, however long the key is', async () => {
    const head = 'é'.repeat(460)
    const keys = [`${head}a`, `${head}b`, `${head}a${randomBytes(9_000).toString('hex')}`, head, 'é'.repeat(450)]
    await storage.setMany(keys.map((key, index) => item(key, `value ${index}`)))
    expect(await texts(storage, ...keys)).toEqual(keys.map((_, index) => `value ${index}`))
    for (const { _id } of await documents.find({}).toArray()) expect(Buffer.byteLength(_id)).toBeLessThan(1_024)
    await storage.clear(`${head}a`)
    expect(await texts(storage, ...keys)).toEqual([undefined, 'value 1', undefined, 'value 3', 'value 4'])
    const listed: string[] = []
    for await (const page of storage.capabilities.scan?.keys('é'.repeat(455)) ?? []) listed.push(...page)
    expect(listed.toSorted()).toEqual([`${head}b`, head].toSorted())
  })

  test('are cleared in stretches, and not beyond the prefix', async () => {
    const inside = Array.from({ length: 10_500 }, (_, index) => `in:${index}`)
    await storage.setMany([...inside, 'in', 'in;', 'im:1'].map((key) => item(key)))
    await storage.clear('in:')
    expect((await documents.find({}).toArray()).map(({ _id }) => _id).sort()).toEqual(['im:1', 'in', 'in;'])
  })

  test('take up to 16 MiB; more is refused, and nothing of that call is written', async () => {
    const largest = { ...item('large'), payload: new Uint8Array(16 * 2 ** 20 - 5_000) }
    await storage.setMany([largest])
    expect((await storage.getMany(['large']))[0]?.payload).toHaveLength(largest.payload.length)
    const tooLarge = { ...item('too large'), payload: new Uint8Array(16 * 2 ** 20) }
    await expect(storage.setMany([item('beside'), tooLarge])).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('expected entries under 16 MiB') as string,
    })
    expect(await texts(storage, 'beside', 'too large')).toEqual([undefined, undefined])
  })

  test('that many claim, expire, set and delete at once end as one of them left them', async () => {
    const work = Array.from({ length: 200 }, (_, index) => {
      const key = `key ${index % 5}`
      if (index % 4 === 0) return storage.setMany([item(key, 'set')])
      if (index % 4 === 1) return storage.expireMany([key])
      if (index % 4 === 2) return storage.deleteMany([key])
      return claim(storage, key, `token ${index}`)
    })
    await Promise.all(work)
    for (const document of await documents.find({}).toArray()) {
      const isEntry = 'header' in document && 'payload' in document && 'expiresAt' in document
      expect(isEntry || 'lease' in document, JSON.stringify(document)).toBe(true)
      expect(document).toHaveProperty('dropAt')
    }
  })
})
