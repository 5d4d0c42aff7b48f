import { describe, expect, test } from 'vitest'
import { mongodb, type MongodbClient, type MongodbOptions } from 'tiercel/mongodb'
import { documentId, idsUnder } from '../../../src/storages/mongodb/document-id.ts'

const url = 'mongodb://127.0.0.1:1'

test.each<[string, object, string]>([
  ['neither URL nor client', {}, 'mongodb: url: expected mongodb://'],
  ['another scheme', { url: 'postgres://me:secret@host' }, 'mongodb: url: expected mongodb://'],
  ['both', { url, client: {} }, 'mongodb: url: expected a `url` or a `client`, got "both"'],
  ['a database of two words', { url, database: 'my cache' }, 'mongodb: database'],
  ['no database', { url, database: '' }, 'mongodb: database'],
  ['a collection of the system', { url, collection: 'system.users' }, 'mongodb: collection'],
  ['a collection with a dollar', { url, collection: 'a$b' }, 'mongodb: collection'],
  ['no connections', { url, poolSize: 0 }, 'mongodb: poolSize'],
  ['a limit of nothing', { url, limits: { connect: 0 } }, 'mongodb: limits.connect'],
  ['a limit of for ever', { url, limits: { command: Infinity } }, 'mongodb: limits.command: expected an hour at most'],
  ['a schema perhaps', { url, createSchema: 'yes' }, 'mongodb: createSchema'],
])('%s is refused when the storage is made', (_what, options, message) => {
  const make = (): unknown => mongodb(options as MongodbOptions)
  expect(make).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  expect(make).toThrow(message)
  expect(make).not.toThrow('secret')
})

test.each([
  'mongodb://user:se:cret@host/?x=1',
  'mongodb://user:secret@host/?directConnection=perhaps',
  'mongodb://user:secret@host:99999999/',
  'mongodb://us@er:secret@host/',
  'mongodb://se[cret:secret@host/',
])('%s is refused when it opens, without its password', async (bad) => {
  const storage = mongodb({ url: bad, limits: { connect: 200 } })
  const error: unknown = await storage.open().catch((one: unknown) => one)
  expect(error).toMatchObject({ code: 'INVALID_OPTION' })
  expect(JSON.stringify([String(error), error, (error as Error).cause, (error as Error).stack])).not.toContain('cret')
  await storage.close()
})

describe('a client that never answers', () => {
  const never = new Promise<never>(() => undefined)
  const collection = new Proxy({}, { get: () => () => Object.assign(never, { toArray: () => never }) })
  const client = { db: () => ({ collection: () => collection, command: () => never }) } as unknown as MongodbClient

  test('costs a call its limit', async () => {
    const storage = mongodb({ client, createSchema: false, limits: { command: 30 } })
    await expect(storage.getMany(['a'])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    await expect(storage.capabilities.time?.now()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    await expect(storage.deleteMany(['a', 'b'])).rejects.toThrow('has not answered within 30 ms')
    await storage.close()
  })
})

test('a collection whose strings compare by the rules of a language is refused', async () => {
  const list = (documents: object[]) => ({ toArray: () => Promise.resolve(documents) })
  const indexes = [
    { name: '_id_', collation: { locale: 'en', strength: 2 } },
    { name: 'tiercel_1_dropAt', expireAfterSeconds: 0 },
  ]
  const collection = { find: () => list([{ _id: 'a' }]), listIndexes: () => list(indexes) }
  const client = { db: () => ({ collection: () => collection }) } as unknown as MongodbClient
  await expect(mongodb({ client }).open()).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringContaining('has a collation') as string,
  })
})

describe('ids', () => {
  const long = 'k'.repeat(5_000)

  test('of short keys are the keys, those of long ones a head and a digest', () => {
    expect(documentId('a$b\0')).toEqual({ _id: 'a$b\0' })
    expect(documentId('x'.repeat(900))).toEqual({ _id: 'x'.repeat(900) })
    expect(documentId(long)).toEqual({ _id: expect.stringMatching(/^k{900}[\w-]{32}$/) as string, key: long })
    expect(documentId(`${long}1`)._id).not.toBe(documentId(`${long}2`)._id)
  })

  test.each([
    ['a', 'b'],
    ['a\u{10ffff}', 'b'],
    ['\ud7ff', '\ue000'],
    ['\uffff', '\u{10000}'],
    ['x\u{1f600}', 'x\u{1f601}'],
    ['a\0', 'a\u0001'],
  ])('under %j end before %j', (prefix, end) => {
    expect(idsUnder(prefix)).toEqual({ _id: { $gte: prefix, $lt: end } })
  })

  test('under nothing, or the last of all characters, have no end', () => {
    expect(idsUnder('')).toEqual({ _id: { $gte: '' } })
    expect(idsUnder('\u{10ffff}')).toEqual({ _id: { $gte: '\u{10ffff}' } })
  })

  test('under a prefix longer than a head are told by the key', () => {
    expect(idsUnder(long)).toMatchObject({
      _id: { $gte: 'k'.repeat(900) },
      $or: [{ key: null }, { key: { $gte: long } }],
    })
  })
})
