import { Redis } from 'ioredis'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { redis, type RedisOptions } from 'tiercel/redis'
import type { Storage } from '../../../src/contracts/storage.ts'
import { redisDrivers } from '../../../src/storages/redis/client-maker.ts'
import { startProxy, type Proxy } from '../../servers/proxy.ts'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { item } from '../items.ts'
import { follow, followed } from './follower.ts'
import { outcomeOf } from './waiting.ts'

describe.skipIf(!(await isServerHere('redis', { own: true })))('the feed of a Redis server', () => {
  const server = useServer('redis', { own: true })

  describe.each(redisDrivers)('with %s', (driver) => {
    let proxy: Proxy
    let admin: Redis
    const opened: Storage[] = []
    const open = (options: Partial<RedisOptions> = {}): Storage => {
      const storage = redis({ url: `redis://127.0.0.1:${proxy.port}`, driver, ...options } as RedisOptions)
      opened.push(storage)
      return storage
    }

    beforeAll(() => import(driver))
    beforeEach(async () => {
      proxy = await startProxy(server.port)
      admin = new Redis(server.port, { maxRetriesPerRequest: null })
      admin.on('error', () => {})
      await admin.flushall()
    })
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((storage) => storage.close()))
      admin.disconnect()
      await proxy.close()
    })

    test('tells of what somebody does by hand, of what expires, and of a flush', async () => {
      const follower = await followed(open())
      await admin.set('shop:typed', 'by hand')
      await follower.heard('shop:typed')
      await admin.del('shop:typed')
      await follower.heard('shop:typed', { times: 2 })
      await admin.set('shop:short', 'x', 'PX', 20)
      await follower.heard('shop:short', { times: 2 })
      await admin.set('other:a', 'x')
      await admin.flushdb()
      await follower.heard('all')
      expect(follower.story).not.toContain('other:a')
      await follower.stop()
    })

    test.each(['tracking', 'pubsub'] as const)(
      '%s: a killed connection is told within 50 ms, and taken up again',
      async (feed) => {
        const storage = open({ feed })
        const follower = await followed(storage)
        for (let round = 0; round < 3; round++) {
          follower.forget()
          await admin.call(
            'CLIENT',
            'KILL',
            'TYPE',
            feed === 'tracking' && driver === '@redis/client' ? 'normal' : 'pubsub',
          )
          const at = performance.now()
          await follower.heard('broken')
          expect(follower.toldAt('broken') - at).toBeLessThan(50)
          await follower.heard('unbroken', { within: 500 })
          await storage.setMany([item(`shop:${round}`)])
          await follower.heard(`shop:${round}`)
        }
        await follower.stop()
      },
    )

    test.each(['tracking', 'pubsub'] as const)(
      '%s: a connection that is half open is told within a second and a half',
      async (feed) => {
        const follower = await followed(open({ feed, limits: { connect: 200 } }))
        await new Promise((resolve) => setTimeout(resolve, 700))
        const at = performance.now()
        proxy.swallow()
        await follower.heard('broken', { within: 3_000 })
        expect(follower.toldAt('broken') - at).toBeGreaterThan(250)
        expect(follower.toldAt('broken') - at).toBeLessThan(1_500)
        proxy.pass()
        await follower.heard('unbroken', { times: 2, within: 4_000 })
        await follower.stop()
      },
    )

    test('a feed that has nothing to tell is not taken for a broken one', async () => {
      const follower = await followed(open())
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      expect(follower.story).toEqual(['unbroken'])
      await follower.stop()
    })

    test('a process that stood still itself does not take its feed for broken', async () => {
      const follower = await followed(open())
      const end = performance.now() + 1_600
      while (performance.now() < end);
      await new Promise((resolve) => setTimeout(resolve, 700))
      expect(follower.story).toEqual(['unbroken'])
      await follower.stop()
    })

    test('while there is no server, it is tried more and more rarely; when there is one, it is followed', async () => {
      const storage = open()
      const follower = await followed(storage)
      proxy.refuse()
      await follower.heard('broken')
      const before = proxy.acceptedCount
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      expect(proxy.acceptedCount - before).toBeLessThan(12)
      expect(follower.story).toEqual(['unbroken', 'broken'])
      proxy.pass()
      await follower.heard('unbroken', { times: 2 })
      await outcomeOf(storage.getMany(['a']))
      await follower.stop()
    })

    test('following may begin before there is a server', async () => {
      proxy.refuse()
      const follower = follow(open())
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(follower.story).toEqual([])
      proxy.pass()
      await follower.heard('unbroken')
      await admin.set('shop:a', 'x')
      await follower.heard('shop:a')
      await follower.stop()
    })

    test('where the server refuses tracking, everybody falls back to telling', async () => {
      await admin.call('ACL', 'SETUSER', 'guest', 'reset', 'on', '>secret', '~*', '&*', '+@all', '-client|tracking')
      const url = `redis://guest:secret@127.0.0.1:${proxy.port}`
      const [reader, writer] = [open({ url }), open({ url })]
      const follower = await followed(reader)
      await writer.setMany([item('shop:a')])
      await follower.heard('shop:a')
      await admin.del('shop:a')
      await writer.clear('shop:')
      await follower.heard('all')
      expect(follower.story.filter((what) => what === 'shop:a')).toHaveLength(1)
      await expect(open({ url, feed: 'tracking' }).open()).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      await follower.stop()
    })

    test('where the server refuses both ways, entries are kept all the same', async () => {
      await admin.call(
        'ACL',
        'SETUSER',
        'guest',
        'reset',
        'on',
        '>secret',
        '~*',
        '+@all',
        '-client|tracking',
        '-publish',
      )
      const storage = open({ url: `redis://guest:secret@127.0.0.1:${proxy.port}` })
      const follower = follow(storage)
      await storage.setMany([item('shop:a')])
      expect(await storage.deleteMany(['shop:a'])).toBe(1)
      expect(follower.story).toEqual([])
      await follower.stop()
    })

    test('what others say on the channel of changes can at most mean that everything has changed', async () => {
      const follower = await followed(open({ feed: 'pubsub' }))
      await admin.publish('tiercel:changed', '{"keys":["shop:a",7,null]}')
      await follower.heard('shop:a')
      await admin.publish('tiercel:changed', 'nonsense')
      await follower.heard('all')
      await admin.publish('tiercel:changed', 'null')
      await follower.heard('all', { times: 2 })
      await follower.stop()
    })

    test("without a feed nothing is claimed, and 'off' claims none", () => {
      expect(open({ feed: 'off' }).capabilities.feed).toBeUndefined()
    })
  })
})
