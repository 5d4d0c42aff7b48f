import { createCluster } from '@redis/client'
import { Cluster, Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { redisCluster } from 'tiercel/redis'
import type { Storage } from '../../../src/contracts/storage.ts'
import { makerFromPackage, redisDrivers } from '../../../src/storages/redis/client-maker.ts'
import { ClusterServers } from '../../../src/storages/redis/cluster-servers.ts'
import { Entries } from '../../../src/storages/redis/entries.ts'
import { leaseKey } from '../../../src/storages/redis/lease-key.ts'
import type { ClientMaker } from '../../../src/storages/redis/server-client.ts'
import { slotOf } from '../../../src/storages/redis/slots.ts'
import { type RedisCluster, startRedisCluster } from '../../servers/redis-cluster.ts'
import { isServerHere } from '../../servers/servers.ts'
import { claim, fulfil, item, texts } from '../items.ts'
import { followed } from './follower.ts'
import { eventually, outcomeOf } from './waiting.ts'

const keys = Array.from({ length: 300 }, (_, index) => `shop:${index}`)

describe.skipIf(!(await isServerHere('redis-cluster', { own: true })))('a Redis cluster', () => {
  let cluster: RedisCluster
  const nodes = new Map<number, Redis>()
  const opened: Storage[] = []
  const closers: (() => unknown)[] = []
  const open = (options: Partial<Parameters<typeof redisCluster>[0]> = {}): Storage => {
    const storage = redisCluster({ nodes: cluster.ports.map((port) => `127.0.0.1:${port}`), ...options } as Parameters<
      typeof redisCluster
    >[0])
    opened.push(storage)
    return storage
  }
  /** The ports of the masters, and of the one that serves a slot. */
  const masters = async (): Promise<readonly number[]> => {
    const lines = await topology()
    return lines.filter((line) => line.includes('master') && !line.includes('fail')).map(portOf)
  }
  const ownerOf = async (slot: number): Promise<number> => {
    const line = (await topology()).find((one) => servesSlot(one, slot))
    if (line === undefined) throw new Error(`nobody serves ${slot}`)
    return portOf(line)
  }
  const topology = async (): Promise<readonly string[]> => {
    for (const node of nodes.values()) {
      const text = await (node.cluster('NODES') as Promise<string>).catch(() => undefined)
      if (text !== undefined) return text.trim().split('\n')
    }
    throw new Error('no node answers')
  }

  beforeAll(async () => {
    cluster = await startRedisCluster()
    for (const port of cluster.ports) {
      const node = new Redis(port, { maxRetriesPerRequest: 1 })
      node.on('error', () => {})
      nodes.set(port, node)
    }
  }, 240_000)
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((storage) => storage.close()))
    for (const close of closers.splice(0)) await close()
  })
  afterAll(async () => {
    for (const node of nodes.values()) node.disconnect()
    await cluster?.stop()
  }, 60_000)

  describe('is reached by a client that the program has', () => {
    test('of ioredis, connected or not, which is left alone', async () => {
      for (const lazyConnect of [false, true]) {
        const client = new Cluster([{ host: '127.0.0.1', port: cluster.port }], { lazyConnect })
        closers.push(() => client.disconnect())
        if (!lazyConnect) await client.set('shop:by hand', 'x')
        const storage = open({ client, nodes: undefined })
        await storage.setMany(keys.map((key) => item(key)))
        expect(await texts(storage, ...keys)).toEqual(keys)
        await storage.close()
        expect(client.status).toBe(lazyConnect ? 'wait' : 'ready')
      }
    })

    test('of @redis/client, connected or not, which is left alone', async () => {
      for (const isConnected of [true, false]) {
        const client = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${cluster.port}` }] })
        client.on('error', () => {})
        if (isConnected) {
          await client.connect()
          closers.push(() => client.destroy())
        }
        const storage = open({ client, nodes: undefined })
        await storage.setMany(keys.map((key) => item(key)))
        expect(await texts(storage, ...keys)).toEqual(keys)
        await storage.close()
        expect(client.isOpen).toBe(isConnected)
      }
    })

    test('but not with a prefix before every key, nor by one of a single server', () => {
      const refused = expect.objectContaining({ code: 'INVALID_OPTION' }) as Error
      const prefixed = new Cluster([cluster.port], { keyPrefix: 'p:', lazyConnect: true })
      expect(() => redisCluster({ client: prefixed })).toThrow(refused)
      const single = new Redis(cluster.port, { lazyConnect: true })
      expect(() => redisCluster({ client: single as never })).toThrow(refused)
    })
  })

  test('is sent one batch for each master, whatever the number of keys', async () => {
    const batches: string[] = []
    const maker = await makerFromPackage({
      address: { host: '127.0.0.1', port: cluster.port },
      database: 0,
      tls: undefined,
    })
    const counting: ClientMaker = {
      make(options) {
        const client = maker.make(options)
        const count = (what: string): void => void batches.push(`${what} ${options.address?.port}`)
        return {
          ...client,
          send: (words) => (count(words[0]), client.send(words)),
          sendAll: (list) => (count('batch'), client.sendAll(list)),
        }
      },
    }
    const limits = { connect: 2_000, silence: 5_000 }
    const servers = new ClusterServers(counting, limits, [{ host: '127.0.0.1', port: cluster.port }])
    closers.push(() => servers.close())
    const entries = new Entries(servers, Infinity)
    await servers.open()
    const expected = (await masters()).map((port) => `batch ${port}`).sort()
    for (const operation of [
      () => entries.setMany(keys.map((key) => item(key))),
      () => entries.getMany(keys),
      () => entries.leases.claimMany(keys.map((key) => ({ key, token: 'mine', life: 60_000 }))),
      () => entries.leases.fulfilMany(keys.map((key) => ({ ...item(key), token: 'mine' }))),
      () => entries.expireMany(keys),
      () => entries.deleteMany(keys),
    ]) {
      await operation().catch(() => {})
      await operation()
      batches.length = 0
      await operation()
      expect(batches.sort()).toEqual(expected)
    }
  })

  describe.each(redisDrivers)('with %s', (driver) => {
    test('keeps answering while a slot moves, key by key', async () => {
      const tag = `{moving ${driver}}`
      const slot = slotOf(tag)
      const [there, later, held] = [`shop:${tag}:there`, `shop:${tag}:later`, `shop:${tag}:held`]
      const source = nodes.get(await ownerOf(slot)) as Redis
      const targetPort = (await masters()).find((port) => port !== source.options.port) as number
      const to = nodes.get(targetPort) as Redis
      const [sourceId, targetId] = [await idOf(source), await idOf(to)]
      const storage = open({ driver })
      const follower = await followed(storage)
      await storage.setMany([item(there)])
      await claim(storage, held, 'mine')

      await to.cluster('SETSLOT', slot, 'IMPORTING', sourceId)
      await source.cluster('SETSLOT', slot, 'MIGRATING', targetId)
      // What is there is at the source; what isn't is asked for, and made, at the target.
      expect(await texts(storage, there)).toEqual([there])
      expect(await texts(storage, later)).toEqual([undefined])
      await storage.setMany([item(later)])
      expect(await texts(storage, later)).toEqual([later])
      expect(await storage.deleteMany([later])).toBe(1)
      await storage.setMany([item(later)])

      // Of what belongs together, the one half is here and the other nowhere: that has to wait.
      const renewal = storage.capabilities.leases?.renewMany([{ key: held, token: 'mine', life: 60_000 }])
      for (const key of [there, held, leaseKey(held)]) {
        await source.migrate('127.0.0.1', targetPort, key, 0, 1_000)
      }
      expect(await texts(storage, there)).toEqual([there])
      await storage.clear(`shop:${tag}:la`)

      await to.cluster('SETSLOT', slot, 'NODE', targetId)
      await source.cluster('SETSLOT', slot, 'NODE', targetId)
      expect(await texts(storage, there, later)).toEqual([there, undefined])
      expect(await renewal).toEqual([true])
      expect(await fulfil(storage, held, 'mine')).toBe(true)
      await storage.setMany([item(later)])
      expect(await texts(storage, there, later, held)).toEqual([there, later, held])
      await follower.heard('broken')
      await follower.heard('unbroken', { times: 2 })
      await storage.clear(`shop:${tag}`)
      expect(await texts(storage, there, later, held)).toEqual([undefined, undefined, undefined])
      await follower.stop()
    }, 20_000)

    test('has a killed master’s share back within five seconds, under load, and says that changes may have been missed', async () => {
      const storage = open({ driver })
      const witness = open({ driver })
      await storage.setMany(keys.map((key) => item(key)))
      const follower = await followed(witness)
      const [victim] = await masters()
      const state = { isOver: false }
      const unexpected: unknown[] = []
      const load = (async () => {
        while (!state.isOver) {
          const outcomes = await Promise.all([
            outcomeOf(storage.getMany(keys)),
            outcomeOf(storage.setMany([item('shop:load')])),
            outcomeOf(claim(storage, 'shop:load', 'mine')),
          ])
          unexpected.push(...outcomes.filter((one) => typeof one === 'string' && one !== 'STORAGE_UNAVAILABLE'))
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      })()

      try {
        const killedAt = performance.now()
        await cluster.killNode(victim as number)
        const gone = performance.now()
        await follower.heard('broken')
        expect(follower.toldAt('broken') - gone).toBeLessThan(150)
        // The two that are left serve their share meanwhile.
        const found = await storage.getMany(keys)
        expect(found.filter((one) => one !== undefined).length).toBeGreaterThan(keys.length / 4)

        const elected = eventually(async () => {
          const now = await masters()
          expect(now).not.toContain(victim)
          expect(now).toHaveLength(3)
        }, 15_000).then(() => performance.now())
        await eventually(() => storage.setMany(keys.map((key) => item(key, `${key} again`))), 15_000)
        const writtenAt = performance.now()
        await follower.heard('unbroken', { times: 2, within: 15_000 })
        // On a busy machine the cluster itself may take as long as that to choose a successor.
        const latest = Math.max(killedAt + 5_000, (await elected) + 1_500)
        expect(writtenAt).toBeLessThan(latest)
        expect(follower.toldAt('unbroken')).toBeLessThan(latest)
        expect(await texts(storage, ...keys)).toEqual(keys.map((key) => `${key} again`))
        follower.forget()
        await storage.setMany(keys.map((key) => item(key, 'told')))
        for (const key of keys) await follower.heard(key)
      } finally {
        state.isOver = true
        await cluster.restartNode(victim as number)
      }
      await load
      expect(unexpected).toEqual([])
      await follower.stop()
      await eventually(async () => {
        const lines = await topology()
        expect(
          lines.filter((line) => line.includes('slave') && line.includes(' connected') && !line.includes('fail')),
        ).toHaveLength(3)
      }, 15_000)
    }, 40_000)
  })
})

function idOf(node: Redis): Promise<string> {
  return node.cluster('MYID')
}

function portOf(line: string): number {
  return Number(/:(\d+)@/.exec(line)?.[1])
}

function servesSlot(line: string, slot: number): boolean {
  if (!line.includes('master') || line.includes('fail')) return false
  return line
    .split(' ')
    .slice(8)
    .some((range) => {
      const [first, last = first] = range.split('-').map(Number)
      return first !== undefined && last !== undefined && first <= slot && slot <= last
    })
}
