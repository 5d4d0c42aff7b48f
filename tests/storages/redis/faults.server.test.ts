import { Redis } from 'ioredis'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { redis, type RedisOptions } from 'tiercel/redis'
import type { Storage } from '../../../src/contracts/storage.ts'
import { redisDrivers } from '../../../src/storages/redis/client-maker.ts'
import { startProxy, type Proxy } from '../../servers/proxy.ts'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { claim, fulfil, item, texts } from '../items.ts'
import { eventually, outcomeOf, took } from './waiting.ts'

const unavailable = { code: 'STORAGE_UNAVAILABLE' }

describe.skipIf(!(await isServerHere('redis', { own: true })))('what goes wrong with a Redis server', () => {
  const server = useServer('redis', { own: true })

  describe.each(redisDrivers)('with %s', (driver) => {
    let proxy: Proxy
    let admin: Redis
    let storage: Storage
    const open = (options: Partial<RedisOptions> = {}): Storage =>
      redis({
        url: `redis://127.0.0.1:${proxy.port}`,
        driver,
        limits: { connect: 300, silence: 400 },
        ...options,
      } as RedisOptions)

    // The first use of a package takes its time on a busy machine.
    beforeAll(() => import(driver))
    beforeEach(async () => {
      proxy = await startProxy(server.port)
      admin = new Redis(server.port, { maxRetriesPerRequest: null })
      admin.on('error', () => {})
      await admin.flushall()
      storage = open()
    })
    afterEach(async () => {
      await storage.close()
      admin.disconnect()
      await proxy.close()
    })

    test.each(['whose port is closed', 'behind a proxy'])(
      'a server that is not there, %s, fails every call at once, and is used as soon as it is',
      async (where) => {
        await storage.close()
        storage = where === 'behind a proxy' ? open() : open({ url: server.url })
        await server.kill()
        expect(await took(() => expect(storage.open()).rejects.toMatchObject(unavailable))).toBeLessThan(300)
        for (const call of [
          () => storage.getMany(['a']),
          () => storage.setMany([item('a')]),
          () => storage.deleteMany(['a']),
          () => storage.expireMany(['a']),
          () => storage.clear('a'),
          () => claim(storage, 'a', 'mine'),
        ]) {
          expect(await took(() => expect(call()).rejects.toMatchObject(unavailable))).toBeLessThan(300)
        }
        await server.restart()
        await eventually(() => storage.setMany([item('a')]), 3_000)
        expect(await texts(storage, 'a')).toEqual(['a'])
      },
    )

    test('a server that is killed in mid-use fails what is under way, and comes back', async () => {
      await storage.setMany([item('a')])
      const calls = Array.from({ length: 50 }, () => outcomeOf(storage.getMany(['a'])))
      await server.kill()
      await Promise.all(calls)
      await expect(storage.getMany(['a'])).rejects.toMatchObject(unavailable)
      await server.restart()
      await eventually(() => storage.setMany([item('a', 'again')]), 3_000)
      expect(await texts(storage, 'a')).toEqual(['again'])
    })

    test('when every connection is cut, calls fail or succeed, and the next ones succeed', async () => {
      await storage.setMany([item('a')])
      for (let round = 0; round < 5; round++) {
        const calls = Array.from({ length: 20 }, () => outcomeOf(texts(storage, 'a')))
        await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
        for (const outcome of await Promise.all(calls)) {
          expect(['a', 'STORAGE_UNAVAILABLE']).toContain(Array.isArray(outcome) ? outcome[0] : outcome)
        }
        await eventually(() => storage.getMany(['a']), 200)
        expect(await texts(storage, 'a')).toEqual(['a'])
      }
    })

    test('a reply that is cut in the middle is an error, never half a value', async () => {
      const large = 'x'.repeat(500_000)
      await storage.setMany([item('a', large)])
      proxy.cutReplyAfter(250_000)
      await expect(storage.getMany(['a'])).rejects.toMatchObject(unavailable)
      expect(await texts(storage, 'a')).toEqual([large])
    })

    test('a server that stands still costs a call the silence it is granted; thawed, it is used again', async () => {
      await storage.close()
      // A proxy would let go of a connection where a frozen server doesn't.
      storage = open({ url: server.url })
      await storage.setMany([item('a')])
      server.freeze()
      try {
        const elapsed = await took(() => expect(storage.getMany(['a'])).rejects.toMatchObject(unavailable))
        expect(elapsed).toBeLessThan(900)
        // The kernel takes connections for it.
        expect(await took(() => expect(storage.getMany(['a'])).rejects.toMatchObject(unavailable))).toBeLessThan(600)
      } finally {
        server.thaw()
      }
      await eventually(() => storage.getMany(['a']), 3_000)
      expect(await texts(storage, 'a')).toEqual(['a'])
    })

    test('a partner that has vanished without a word is noticed, and the next connection is used', async () => {
      await storage.setMany([item('a')])
      proxy.swallow()
      const calls: Promise<unknown>[] = [
        storage.getMany(['a']),
        storage.setMany([item('b')]),
        claim(storage, 'c', 'mine'),
      ]
      const outcomes = await Promise.all(calls.map((call) => outcomeOf(call)))
      expect(outcomes).toEqual(calls.map(() => 'STORAGE_UNAVAILABLE'))
      proxy.pass()
      await eventually(() => storage.getMany(['a']), 3_000)
      expect(await texts(storage, 'a')).toEqual(['a'])
    })

    test('while a server refuses, attempts to connect get rarer, however many calls there are', async () => {
      await storage.setMany([item('a')])
      proxy.refuse()
      const before = proxy.acceptedCount
      const end = performance.now() + 1_500
      while (performance.now() < end) {
        await Promise.all(Array.from({ length: 10 }, () => outcomeOf(storage.getMany(['a']))))
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      expect(proxy.acceptedCount - before).toBeLessThan(12)
      proxy.pass()
      await eventually(() => storage.getMany(['a']), 3_000)
    })

    test('a server without memory refuses writes, and goes on reading', async () => {
      await storage.setMany([item('a')])
      await claim(storage, 'held', 'mine')
      await admin.config('SET', 'maxmemory-policy', 'noeviction')
      await admin.config('SET', 'maxmemory', '1')
      try {
        await expect(storage.setMany([item('b')])).rejects.toMatchObject(unavailable)
        await expect(claim(storage, 'b', 'mine')).rejects.toMatchObject(unavailable)
        await expect(fulfil(storage, 'held', 'mine')).rejects.toMatchObject(unavailable)
        expect(await texts(storage, 'a', 'b')).toEqual(['a', undefined])
        expect(await storage.deleteMany(['a'])).toBe(1)
      } finally {
        await admin.config('SET', 'maxmemory', '0')
      }
      expect(await fulfil(storage, 'held', 'mine')).toBe(true)
      await storage.setMany([item('b')])
    })

    test('a server that became a replica refuses writes; when it is a master again, they go on', async () => {
      await storage.setMany([item('a')])
      await admin.replicaof('127.0.0.1', 1)
      try {
        await expect(storage.setMany([item('b')])).rejects.toMatchObject(unavailable)
        await expect(claim(storage, 'b', 'mine')).rejects.toMatchObject(unavailable)
        expect(await texts(storage, 'a')).toEqual(['a'])
      } finally {
        await admin.replicaof('NO', 'ONE')
      }
      await storage.setMany([item('b')])
      expect(await texts(storage, 'a', 'b')).toEqual(['a', 'b'])
    })

    test('a wrong password is said to be one, without saying which', async () => {
      await admin.config('SET', 'requirepass', 'right')
      const stranger = open({ url: `redis://:tops3cret@127.0.0.1:${proxy.port}` })
      const nobody = open()
      try {
        const error = await stranger.open().catch((reason: unknown) => reason)
        expect(error).toMatchObject({
          code: 'STORAGE_UNAVAILABLE',
          message: expect.stringContaining('WRONGPASS') as string,
        })
        expect(JSON.stringify(everythingIn(error))).not.toContain('tops3cret')
        await expect(nobody.getMany(['a'])).rejects.toMatchObject({
          code: 'STORAGE_UNAVAILABLE',
          message: expect.stringContaining('NOAUTH') as string,
        })
        const friend = open({ url: `redis://:right@127.0.0.1:${proxy.port}` })
        await friend.setMany([item('a')])
        await friend.close()
      } finally {
        await admin.config('SET', 'requirepass', '')
        await Promise.all([stranger.close(), nobody.close()])
      }
    })

    test('what somebody else has put under our key is a miss or unreadable bytes, and is overwritten', async () => {
      const strange = ['list', 'hash', 'text', 'empty', 'short']
      const plant = async (): Promise<void> => {
        await admin.del(...strange)
        await admin.rpush('list', 'x')
        await admin.hset('hash', 'f', 'v')
        await admin.mset('text', 'hello', 'empty', '', 'short', Buffer.from([0]))
      }
      await plant()
      await storage.setMany([item('ours')])
      expect(await storage.getMany(['list'])).toEqual([undefined])
      const [list, hash, , , , ours] = await storage.getMany([...strange, 'ours'])
      expect([list, hash]).toEqual([undefined, undefined])
      expect(Buffer.from(ours?.payload ?? []).toString()).toBe('ours')

      await storage.setMany(strange.map((key) => item(key)))
      expect(await texts(storage, ...strange)).toEqual(strange)

      await plant()
      for (const key of strange) {
        await claim(storage, key, 'mine')
        expect(await fulfil(storage, key, 'mine')).toBe(true)
      }
      expect(await texts(storage, ...strange)).toEqual(strange)

      await plant()
      await storage.expireMany(strange)
      expect(await admin.exists(...strange)).toBe(0)

      await plant()
      const made = await storage.capabilities.markers?.ensureMany(strange.map((key) => item(key)))
      expect(made?.map(({ payload }) => Buffer.from(payload).toString())).toEqual(strange)
      expect(await storage.deleteMany(strange)).toBe(5)
    })

    test('a value that was cut short is bytes that are not an entry, and is made stale by deleting it', async () => {
      await storage.setMany([item('a', 'a long value')])
      const whole = (await admin.getBuffer('a')) as Buffer
      for (const length of [0, 1, 2, 3, 33]) {
        await admin.set('a', whole.subarray(0, length))
        const [stored] = await storage.getMany(['a'])
        expect(stored?.payload.length).toBe(0)
        await storage.expireMany(['a'])
        expect(await storage.getMany(['a'])).toEqual([undefined])
      }
    })

    test('a server that has forgotten its scripts is taught them again', async () => {
      for (let round = 0; round < 3; round++) {
        await admin.script('FLUSH')
        const keys = Array.from({ length: 500 }, (_, index) => `k${round}:${index}`)
        const answers = await storage.capabilities.leases?.claimMany(
          keys.map((key) => ({ key, token: 'mine', life: 60_000 })),
        )
        expect(answers?.every(({ won }) => won)).toBe(true)
        await admin.script('FLUSH')
        expect(await fulfil(storage, keys[0] as string, 'mine')).toBe(true)
        await admin.script('FLUSH')
        await storage.expireMany([keys[0] as string])
      }
    })
  })
})

function everythingIn(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const own = Object.fromEntries(Object.getOwnPropertyNames(error).map((name) => [name, Reflect.get(error, name)]))
  return { ...own, cause: everythingIn(error.cause) }
}
