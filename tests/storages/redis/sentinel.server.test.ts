import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redis } from 'tiercel/redis'
import { makerFromPackage, redisDrivers } from '../../../src/storages/redis/client-maker.ts'
import { connect } from '../../../src/storages/redis/connection.ts'
import { insistOnMaster } from '../../../src/storages/redis/sentinel.ts'
import { freePort, OwnProcess, programAt, whenListening } from '../../servers/processes.ts'
import { startRedis } from '../../servers/redis.ts'
import { isServerHere } from '../../servers/servers.ts'
import { item, texts } from '../items.ts'
import { temporaryFolder } from '../folder.ts'
import { followed } from './follower.ts'
import { eventually } from './waiting.ts'

describe.skipIf(!(await isServerHere('redis', { own: true })))('a Redis server that sentinels know', () => {
  const folder = temporaryFolder()
  const processes: OwnProcess[] = []
  const ports: number[] = []
  let sentinelPort: number

  beforeAll(async () => {
    for (const _ of ['master', 'replica']) {
      const port = await freePort()
      const replica = ports[0] === undefined ? [] : ['--replicaof', '127.0.0.1', String(ports[0])]
      const process = startRedis(port, folder.path, ['--repl-diskless-sync-delay', '0', ...replica])
      processes.push(process)
      await whenListening(port, process)
      ports.push(port)
    }
    sentinelPort = await freePort()
    const settings = join(folder.path, 'sentinel.conf')
    await writeFile(
      settings,
      [
        `port ${sentinelPort}`,
        'bind 127.0.0.1',
        `dir ${folder.path}`,
        `sentinel monitor shop 127.0.0.1 ${ports[0]} 1`,
        'sentinel down-after-milliseconds shop 500',
        'sentinel failover-timeout shop 2000',
      ].join('\n'),
    )
    const sentinel = new OwnProcess(programAt('redis-server') ?? 'redis-server', [settings, '--sentinel'])
    processes.push(sentinel)
    await whenListening(sentinelPort, sentinel)
    const asked = new Redis(sentinelPort)
    await eventually(async () => {
      const replicas = (await asked.call('SENTINEL', 'REPLICAS', 'shop')) as readonly unknown[]
      expect(replicas).toHaveLength(1)
    }, 20_000)
    asked.disconnect()
  }, 60_000)
  afterAll(async () => {
    await Promise.all(processes.map((process) => process.end()))
    await folder.remove()
  })

  test('is not believed to be the master when it says that it is a replica', async () => {
    const endpoint = { address: { host: '127.0.0.1', port: ports[1] as number }, database: 0, tls: undefined }
    const maker = await makerFromPackage(endpoint)
    const limits = { connect: 2_000, silence: 2_000 }
    await expect(insistOnMaster(await connect(maker.make({}), limits))).rejects.toThrow('is a slave')
    const master = { host: '127.0.0.1', port: ports[0] as number }
    const connection = await insistOnMaster(await connect(maker.make({ address: master }), limits))
    expect(String(await connection.send(['PING']))).toBe('PONG')
    connection.end()
  })

  test('is followed when another takes over, with either client', async () => {
    const dead = await freePort()
    const storages = redisDrivers.map((driver) =>
      redis({
        url: 'redis://ignored/0',
        driver,
        sentinel: { name: 'shop', nodes: [`127.0.0.1:${dead}`, `127.0.0.1:${sentinelPort}`] },
      }),
    )
    const stranger = redis({
      url: 'redis://ignored',
      sentinel: { name: 'other', nodes: [`127.0.0.1:${sentinelPort}`] },
    })
    await expect(stranger.open()).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining("'other'") as string,
    })
    const [first, second] = storages as [(typeof storages)[0], (typeof storages)[0]]
    await first.setMany([item('shop:a')])
    expect(await texts(second, 'shop:a')).toEqual(['shop:a'])
    const followers = await Promise.all(storages.map((storage) => followed(storage)))

    await processes[0]?.end()
    await Promise.all(followers.map((follower) => follower.heard('broken')))
    for (const [index, storage] of storages.entries()) {
      await eventually(() => storage.setMany([item(`shop:${index}`)]), 20_000)
      expect(await texts(storage, `shop:${index}`)).toEqual([`shop:${index}`])
      await followers[index]?.heard('unbroken', { times: 2 })
    }
    await Promise.all([...followers.map((follower) => follower.stop()), stranger.close()])
    await Promise.all(storages.map((storage) => storage.close()))
  }, 40_000)
})
