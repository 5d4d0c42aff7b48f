import { Pool } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { postgres, type PostgresOptions } from 'tiercel/postgres'
import type { Feed, Storage } from '../../../src/contracts/storage.ts'
import { startProxy, type Proxy } from '../../servers/proxy.ts'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { claim, fulfil, item } from '../items.ts'
import { sqlSubjects } from './subjects.ts'

const [subject] = sqlSubjects

describe.skipIf(!(await isServerHere('postgres', { own: true })))('the feed of Postgres', () => {
  const server = useServer('postgres', { own: true })
  const made: { close(): Promise<unknown> }[] = []
  let table = 0
  beforeEach(() => void table++)
  afterEach(async () => {
    for (const one of made.splice(0).reverse()) await one.close()
  })

  const open = (options: Partial<PostgresOptions> = {}): Storage => {
    const storage = postgres({ url: server.url, table: `feed${table}`, ...options } as PostgresOptions)
    made.push(storage)
    return storage
  }
  const proxied = async (): Promise<{ readonly proxy: Proxy; readonly url: string }> => {
    const proxy = await startProxy(server.port)
    made.push(proxy)
    return { proxy, url: server.url.replace(`:${server.port}`, `:${proxy.port}`) }
  }
  const killListeners = async (): Promise<void> => {
    const text =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query = 'SELECT 1'"
    await subject?.run(server.url, text)
  }

  test('tells within 50 ms that its connection was killed, is taken up again, and misses nothing from then on', async () => {
    const storage = open()
    const follower = follow(storage)
    await follower.until('unbroken')
    const delays: number[] = []
    for (let round = 1; round <= 3; round++) {
      await killListeners()
      const killed = performance.now()
      await follower.until('broken', round)
      delays.push(performance.now() - killed)
      await follower.until('unbroken', round + 1)
      await storage.setMany([item(`after ${round}`)])
      await follower.until(`after ${round}`)
    }
    // The best of three: a machine may be busy with something else for once.
    expect(Math.min(...delays)).toBeLessThan(50)
  }, 30_000)

  test('tells within a second and a half of a connection on which nothing comes any more', async () => {
    const { proxy, url } = await proxied()
    const follower = follow(open({ url, limits: { connect: '300ms' } }))
    await follower.until('unbroken')
    proxy.swallow()
    const silent = performance.now()
    await follower.until('broken')
    expect(performance.now() - silent).toBeLessThan(1_500)
    expect(performance.now() - silent).toBeGreaterThan(500)
    proxy.pass()
    await follower.until('unbroken', 2)
    await open().setMany([item('after')])
    await follower.until('after')
  }, 30_000)

  test('is not taken for broken when nothing changes for a while', async () => {
    const follower = follow(open())
    await follower.until('unbroken')
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(follower.story).toEqual(['unbroken'])
  })

  test('is not taken for broken because this process was busy', async () => {
    const follower = follow(open())
    await follower.until('unbroken')
    for (let round = 0; round < 3; round++) {
      // As a long synchronous computation would.
      const end = performance.now() + 1_300
      while (performance.now() < end);
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(follower.story).toEqual(['unbroken'])
  }, 30_000)

  test('comes back with pauses that grow when the server is gone for longer', async () => {
    const { proxy, url } = await proxied()
    const follower = follow(open({ url }))
    await follower.until('unbroken')
    proxy.refuse()
    await follower.until('broken')
    const before = proxy.acceptedCount
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(proxy.acceptedCount - before).toBeLessThanOrEqual(10)
    expect(follower.story).toEqual(['unbroken', 'broken'])
    proxy.pass()
    await follower.until('unbroken', 2)
  }, 30_000)

  test('tells of a delete that found nothing, and of an expire', async () => {
    const storage = open()
    const follower = follow(storage)
    await follower.until('unbroken')
    await storage.deleteMany(['nothing'])
    await follower.until('nothing')
    await storage.expireMany(['nothing either'])
    await follower.until('nothing either')
  })

  test('tells of a marker that was made, and not of one that was there', async () => {
    const storage = open()
    const { markers } = storage.capabilities
    await markers?.ensureMany([item('there')])
    const follower = follow(storage)
    await follower.until('unbroken')
    await markers?.ensureMany([item('there', 'later'), item('made')])
    await storage.setMany([item('last')])
    await follower.until('last')
    expect(follower.story).toEqual(['unbroken', 'made', 'last'])
  })

  test('tells a follower what is under its prefix, and everything when a prefix of it or under it is cleared', async () => {
    const storage = open()
    const follower = follow(storage, 'shop:')
    await follower.until('unbroken')
    await storage.setMany([item('other:a'), item('shop:a')])
    await storage.clear('other:')
    await storage.setMany([item('shop:b')])
    await follower.until('shop:b')
    expect(follower.story).toEqual(['unbroken', 'shop:a', 'shop:b'])
    await storage.clear('shop:x:')
    await follower.until('all')
    await storage.clear('sh')
    await follower.until('all', 2)
  })

  test('follows a pool that is the program’s, and leaves it open and usable', async () => {
    const pool = new Pool({ connectionString: server.url, max: 2 })
    const storage = open({ pool, url: undefined })
    const follower = follow(storage)
    await follower.until('unbroken')
    await storage.setMany([item('a')])
    await follower.until('a')
    await storage.close()
    const { rows } = await pool.query<{ n: number }>('SELECT 1 AS n')
    expect(rows).toEqual([{ n: 1 }])
    expect(pool.totalCount).toBeLessThanOrEqual(2)
    await pool.end()
  })

  test('with a client of the program’s, others still hear of changes, and the client is left open', async () => {
    const { Client } = await import('pg')
    const client = new Client(server.url)
    await client.connect()
    const follower = follow(open())
    await follower.until('unbroken')
    const storage = open({ client, url: undefined })
    expect(storage.capabilities.feed).toBeUndefined()
    expect(await claim(storage, 'a', 'mine')).toBe(true)
    expect(await fulfil(storage, 'a', 'mine')).toBe(true)
    await follower.until('a')
    await storage.close()
    expect((await client.query({ text: 'SELECT 1', rowMode: 'array' })).rows).toEqual([[1]])
    await client.end()
  })

  test('can be done without: nothing is told then, and there is nothing to follow', async () => {
    const storage = open({ feed: 'none' })
    expect(storage.capabilities.feed).toBeUndefined()
    const follower = follow(open())
    await follower.until('unbroken')
    await storage.setMany([item('silent')])
    await storage.deleteMany(['silent'])
    await storage.clear('')
    await open().setMany([item('heard')])
    await follower.until('heard')
    expect(follower.story).toEqual(['unbroken', 'heard'])
  })

  test('leaves no connection behind when nobody follows any more', async () => {
    const storage = open()
    const feed = storage.capabilities.feed as Feed
    const count = async (): Promise<number> => {
      const text = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query = 'SELECT 1'"
      const rows = await subject?.run(server.url, text)
      return Number(rows?.[0]?.[0])
    }
    const before = await count()
    for (let round = 0; round < 3; round++) {
      const following = feed.follow('', silent)
      await storage.setMany([item('a')])
      await following.stop()
      await following.stop()
    }
    await expect.poll(count).toBe(before)
  })
})

const silent = { unbroken: ignore, changed: ignore, changedAll: ignore, broken: ignore }

function ignore(): void {}

interface Follower {
  readonly story: readonly string[]
  until(what: string, times?: number): Promise<void>
}

function follow(storage: Storage, prefix = ''): Follower {
  const story: string[] = []
  let wake = ignore
  const tell = (...what: readonly string[]): void => {
    story.push(...what)
    wake()
  }
  storage.capabilities.feed?.follow(prefix, {
    unbroken: () => tell('unbroken'),
    changed: (keys) => tell(...keys),
    changedAll: () => tell('all'),
    broken: () => tell('broken'),
  })
  return {
    story,
    async until(what, times = 1) {
      while (story.filter((one) => one === what).length < times) await new Promise<void>((resolve) => (wake = resolve))
    },
  }
}
