import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { redis, type RedisOptions } from 'tiercel/redis'
import type { Storage } from '../../../src/contracts/storage.ts'
import { writeHeader } from '../../../src/serializers/envelope.ts'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { claim, item, texts } from '../items.ts'

describe.skipIf(!(await isServerHere('redis', { own: true })))('on a Redis server', () => {
  const server = useServer('redis', { own: true })
  let admin: Redis
  const withStorage = async (
    options: Partial<RedisOptions>,
    use: (storage: Storage) => Promise<unknown>,
  ): Promise<void> => {
    const storage = redis({ url: server.url, ...options } as RedisOptions)
    try {
      await use(storage)
    } finally {
      await storage.close()
    }
  }
  /** How often each command was called by others than the one who asks. */
  const commandCounts = async (action: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> => {
    await admin.config('RESETSTAT')
    await action()
    const counts: Record<string, number> = {}
    for (const [, name = '', calls] of (await admin.info('commandstats')).matchAll(/cmdstat_([^:]+):calls=(\d+)/g)) {
      if (!['config|resetstat', 'info'].includes(name)) counts[name] = Number(calls)
    }
    return counts
  }

  beforeAll(() => {
    admin = new Redis(server.port)
  })
  beforeEach(() => admin.flushall())
  afterAll(() => admin.disconnect())

  test('an entry lies under its own key, and its lease beside it', () =>
    withStorage({}, async (storage) => {
      await storage.setMany([item('shop:user:1', 'hello', 60_000)])
      await claim(storage, 'shop:user:1', 'mine')
      expect((await admin.keys('*')).sort()).toEqual(['!lease={shop:user:1}', 'shop:user:1'])
      const value = (await admin.getBuffer('shop:user:1')) as Buffer
      expect(value.readUInt16BE()).toBe(32)
      expect(value.subarray(2, 4).toString()).toBe('TC')
      expect(value.subarray(34).toString()).toBe('hello')
      expect(await admin.pttl('shop:user:1')).toBeGreaterThan(59_000)
      expect(await admin.get('!lease={shop:user:1}')).toBe('mine')
    }))

  test('what comes without a ttl has that of the storage, if it has one', () =>
    withStorage({ ttl: '1m' }, async (storage) => {
      await storage.setMany([item('a'), item('b', 'b', 1_000)])
      expect(await admin.pttl('a')).toBeGreaterThan(59_000)
      expect(await admin.pttl('b')).toBeLessThanOrEqual(1_000)
    }))

  test('what is made stale is kept no longer than its stale window', () =>
    withStorage({}, async (storage) => {
      const createdAt = Date.now()
      const header = writeHeader({
        serializer: 1,
        createdAt,
        staleAt: createdAt + 60_000,
        expiredAt: createdAt + 65_000,
      })
      await storage.setMany([{ key: 'a', header, payload: Buffer.from('a'), ttl: 65_000 }])
      await storage.setMany([{ key: 'b', header, payload: Buffer.from('b') }])
      await storage.setMany([{ key: 'c', header, payload: Buffer.from('c'), ttl: 3_000 }])
      await storage.expireMany(['a', 'b', 'c'])
      for (const key of ['a', 'b']) {
        expect(await admin.pttl(key)).toBeGreaterThan(4_000)
        expect(await admin.pttl(key)).toBeLessThanOrEqual(5_000)
      }
      expect(await admin.pttl('c')).toBeLessThanOrEqual(3_000)
    }))

  test('one key is one GET, many are one MGET, and what changes many is one script', () =>
    withStorage({ feed: 'tracking' }, async (storage) => {
      const keys = Array.from({ length: 150 }, (_, index) => `shop:${index}`)
      await storage.setMany(keys.map((key) => item(key)))
      expect(await commandCounts(() => storage.getMany(['shop:1']))).toEqual({ get: 1 })
      expect(await commandCounts(() => storage.getMany(keys))).toEqual({ mget: 1 })
      expect(await commandCounts(() => storage.deleteMany(keys))).toEqual({ unlink: 2 })
      expect(await commandCounts(() => storage.setMany(keys.map((key) => item(key))))).toEqual({ unlink: 1, set: 150 })
      const claims = keys.map((key) => ({ key, token: 'mine', life: 60_000 }))
      const claimAll = async (): Promise<unknown> => storage.capabilities.leases?.claimMany(claims)
      await claimAll()
      const { evalsha } = await commandCounts(claimAll)
      expect(evalsha).toBe(1)
    }))

  test('listing and clearing never stop the server for all its keys', () =>
    withStorage({ feed: 'tracking' }, async (storage) => {
      await storage.setMany(Array.from({ length: 3_000 }, (_, index) => item(`shop:${index}`)))
      const counts = await commandCounts(() => storage.clear('shop:'))
      expect(counts['scan']).toBeGreaterThan(3)
      expect(Object.keys(counts).sort()).toEqual(['scan', 'unlink'])
      expect(await admin.dbsize()).toBe(0)
    }))

  test('keys that are no text are left out of the list, and cleared with their prefix', () =>
    withStorage({}, async (storage) => {
      const strange = Buffer.concat([Buffer.from('shop:'), Buffer.from([0xff, 0xfe])])
      await admin.set(strange, 'x')
      await storage.setMany([item('shop:a')])
      const listed: string[] = []
      for await (const page of storage.capabilities.scan?.keys('shop:') ?? []) listed.push(...page)
      expect(listed).toEqual(['shop:a'])
      await storage.clear('shop:')
      expect(await admin.dbsize()).toBe(0)
    }))

  test('a database is what its number says', async () => {
    await withStorage({ url: `${server.url}/3` }, (storage) => storage.setMany([item('a')]))
    expect(await admin.exists('a')).toBe(0)
    await withStorage({ url: `${server.url}/3` }, async (storage) => expect(await texts(storage, 'a')).toEqual(['a']))
  })

  test('a pool has as many connections as were asked for, and uses them for reading', () =>
    withStorage({ poolSize: 3, feed: 'off' }, async (storage) => {
      const before = await connectionCount()
      await storage.setMany([item('a')])
      expect((await connectionCount()) - before).toBe(1)
      await Promise.all(Array.from({ length: 9 }, () => storage.getMany(['a'])))
      expect((await connectionCount()) - before).toBe(3)
    }))

  test('its figures are those of the server', () =>
    withStorage({}, async (storage) => {
      await storage.setMany([item('a'), item('b')])
      await admin.config('RESETSTAT')
      const read = () => storage.capabilities.serverStats?.read()
      expect(await read()).toMatchObject({ hitCount: 0, missCount: 0, hitRate: 0, evictionCount: 0, keyCount: 2 })
      await storage.getMany(['a', 'b', 'c', 'a'])
      const figures = await read()
      expect(figures).toMatchObject({ hitCount: 3, missCount: 1, hitRate: 0.75 })
      expect(figures?.memoryBytes).toBeGreaterThan(100_000)
    }))

  async function connectionCount(): Promise<number> {
    return String(await admin.client('LIST'))
      .trim()
      .split('\n').length
  }
})
