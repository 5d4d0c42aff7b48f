import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Storage } from '../../../src/contracts/storage.ts'
import { memcached, type MemcachedOptions } from 'tiercel/memcached'
import { startProxy, type Proxy } from '../../servers/proxy.ts'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { claim, fulfil, item, texts } from '../items.ts'

const isHere = await isServerHere('memcached', { own: true })

const unavailable = expect.objectContaining({ code: 'STORAGE_UNAVAILABLE' }) as Error

const limits = { connect: 300, answer: 300 }

const storages: Storage[] = []
afterEach(async () => {
  await Promise.all(storages.splice(0).map((storage) => storage.close()))
})

function open(servers: MemcachedOptions['servers'], options: MemcachedOptions = {}): Storage {
  const storage = memcached({ ...(servers !== undefined && { servers }), limits, ...options })
  storages.push(storage)
  return storage
}

/** Every kind of operation, at once. */
function everything(storage: Storage): Promise<PromiseSettledResult<unknown>[]> {
  const { leases, markers, serverStats } = storage.capabilities
  return Promise.allSettled([
    storage.getMany(['a', 'b']),
    storage.setMany([item('a'), item('b')]),
    storage.expireMany(['a']),
    storage.deleteMany(['a', 'b']),
    storage.clear('p:'),
    leases?.claimMany([{ key: 'l', token: 't', life: 1_000 }]),
    leases?.renewMany([{ key: 'l', token: 't', life: 1_000 }]),
    leases?.fulfilMany([{ ...item('l'), token: 't' }]),
    leases?.releaseMany([{ key: 'l', token: 't' }]),
    markers?.ensureMany([item('m')]),
    markers?.changeMany([item('m')]),
    serverStats?.read(),
  ])
}

/** Asks until it is answered. @returns how many milliseconds that took */
async function recovered(storage: Storage, key = 'a'): Promise<number> {
  const begun = performance.now()
  while (performance.now() - begun < 8_000) {
    const isBack = await storage.getMany([key]).then(
      () => true,
      () => false,
    )
    if (isBack) return performance.now() - begun
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('it did not come back')
}

describe.skipIf(!isHere)('memcached, when its server', () => {
  const server = useServer('memcached', { own: true })

  describe('is behind a wire that', () => {
    let proxy: Proxy
    beforeEach(async () => {
      proxy = await startProxy(server.port)
    })
    afterEach(() => proxy.close())

    const openThere = (options?: MemcachedOptions): Storage => open(`127.0.0.1:${proxy.port}`, options)

    test('is cut: what was on the way fails, and the next call is served', async () => {
      const storage = openThere()
      await storage.setMany([item('a')])
      proxy.cutAll()
      await recovered(storage)
      expect(await texts(storage, 'a')).toEqual(['a'])
      const onTheWay = everything(storage)
      proxy.cutAll()
      for (const outcome of await onTheWay) {
        if (outcome.status === 'rejected') expect(outcome.reason).toEqual(unavailable)
      }
      await recovered(storage)
      expect(proxy.acceptedCount).toBeLessThan(8)
    })

    test('is cut in the middle of a reply, anywhere: an error, and never a part of a value', async () => {
      const text = 'x'.repeat(2_000)
      await openThere().setMany([item('a', text), item('b', text)])
      for (let bytes = 1; bytes < 4_400; bytes += 97) {
        const storage = openThere()
        await storage.getMany(['a'])
        proxy.cutReplyAfter(bytes)
        const read = await texts(storage, 'a', 'b').catch((error: unknown) => error)
        if (read instanceof Error) expect(read).toEqual(unavailable)
        else expect(read).toEqual([text, text])
        proxy.cutReplyAfter(Infinity)
      }
    })

    test('swallows everything: an error in time, each time, and the next connection is good', async () => {
      const storage = openThere()
      await storage.setMany([item('a')])
      proxy.swallow()
      for (let round = 0; round < 3; round++) {
        const begun = performance.now()
        const outcomes = await everything(storage)
        expect(performance.now() - begun).toBeLessThan(1_500)
        for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: unavailable })
      }
      proxy.pass()
      await recovered(storage)
      expect(await texts(storage, 'a')).toEqual(['a'])
    })

    test('refuses for a while: no storm, and back within the longest pause', async () => {
      const storage = openThere({ poolSize: 3 })
      await storage.setMany([item('a')])
      const before = proxy.acceptedCount
      proxy.refuse()
      const end = performance.now() + 2_000
      while (performance.now() < end) {
        for (const outcome of await everything(storage)) expect(outcome).toMatchObject({ reason: unavailable })
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      // Pauses of 50, 100, … 1600 ms and half of that at least; three connections may begin side by side.
      expect(proxy.acceptedCount - before).toBeLessThan(20)
      proxy.pass()
      expect(await recovered(storage)).toBeLessThan(3_000)
      expect(await texts(storage, 'a')).toEqual(['a'])
    })

    test('is cut while it closes: closing ends all the same', async () => {
      const storage = openThere()
      await storage.open()
      proxy.swallow()
      const read = storage.getMany(['a'])
      const closed = storage.close()
      await expect(read).rejects.toEqual(unavailable)
      await closed
      await expect(storage.getMany(['a'])).rejects.toMatchObject({ code: 'CLOSED' })
    })
  })

  test('is not there at the start: refused at once, and served when it is', async () => {
    await server.kill()
    const storage = open(server.url)
    const begun = performance.now()
    for (const outcome of await everything(storage)) expect(outcome).toMatchObject({ reason: unavailable })
    await expect(storage.open()).rejects.toEqual(unavailable)
    expect(performance.now() - begun).toBeLessThan(1_000)
    await server.restart()
    await recovered(storage)
    await storage.setMany([item('a')])
    expect(await texts(storage, 'a')).toEqual(['a'])
  })

  test('is killed and started anew in mid-use: nothing of before is there, and no old lease writes', async () => {
    const storage = open(server.url)
    await storage.setMany([item('a')])
    await storage.clear('p:')
    expect(await claim(storage, 'l', 'old')).toBe(true)
    await server.kill()
    await expect(storage.getMany(['a'])).rejects.toEqual(unavailable)
    await server.restart()
    await recovered(storage)
    expect(await texts(storage, 'a', 'l')).toEqual([undefined, undefined])
    // The server counts its cas anew, so after the same steps another's stub has the number that ours had.
    const other = open(server.url)
    await other.setMany([item('a')])
    await other.clear('p:')
    expect(await claim(other, 'l', 'new')).toBe(true)
    expect(await fulfil(storage, 'l', 'old')).toBe(false)
    expect(await fulfil(other, 'l', 'new')).toBe(true)
  })

  test('is stopped in its tracks: errors within the limits, and it goes on when the server does', async () => {
    const storage = open(server.url)
    await storage.setMany([item('a')])
    server.freeze()
    try {
      const begun = performance.now()
      for (const outcome of await everything(storage)) expect(outcome).toMatchObject({ reason: unavailable })
      expect(performance.now() - begun).toBeLessThan(1_000)
      for (let round = 0; round < 20; round++) {
        const again = performance.now()
        await expect(storage.getMany(['a'])).rejects.toEqual(unavailable)
        expect(performance.now() - again).toBeLessThan(1_000)
      }
    } finally {
      server.thaw()
    }
    await recovered(storage)
    await storage.setMany([item('a', 'again')])
    expect(await texts(storage, 'a')).toEqual(['again'])
  })
})

describe.skipIf(!isHere)('memcached, when its server has no memory left and must not evict', () => {
  const server = useServer('memcached', { args: ['-m', '4', '-I', '1m', '-M'] })

  test('says so when it writes; what is there stays readable, and can be deleted to make room', async () => {
    const storage = open(server.url)
    const payload = Buffer.alloc(100_000, 'x')
    const written: string[] = []
    const failures: unknown[] = []
    await storage.setMany([item('small')])
    for (let index = 0; index < 60; index++) {
      const key = `k${index}`
      await storage.setMany([{ ...item(key), payload }]).then(
        () => written.push(key),
        (error: unknown) => failures.push(error),
      )
    }
    const [failure] = failures
    expect(failure).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(String(failure)).toMatch(/memcached refuses "k\d+": SERVER_ERROR out of memory/)
    expect(written.length).toBeGreaterThan(2)
    expect(await texts(storage, 'small')).toEqual(['small'])
    expect((await storage.getMany(written)).every((stored) => stored?.payload.length === payload.length)).toBe(true)
    expect(await storage.deleteMany(written)).toBe(written.length)
    await storage.setMany([{ ...item('again'), payload }])
  })
})

describe.skipIf(!isHere)('memcached, when one of its three servers is down,', () => {
  const servers = [1, 2, 3].map(() => useServer('memcached', { own: true }))
  const keys = Array.from({ length: 60 }, (_, index) => `key:${index}`)

  /** Which keys can be written. */
  async function reachable(storage: Storage): Promise<readonly string[]> {
    const outcomes = await Promise.allSettled(keys.map((key) => storage.setMany([item(key, 'new')])))
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toEqual(unavailable)
    return keys.filter((_, index) => outcomes[index]?.status === 'fulfilled')
  }

  test('its share is down and not moved, the others are served, and a clear says that it did not reach all', async () => {
    const urls = servers.map(({ url }) => url)
    const storage = open(urls)
    await storage.setMany(keys.map((key) => item(key, 'old')))
    expect(await reachable(storage)).toEqual(keys)

    await servers[1]!.kill()
    await storage.getMany(keys).catch(() => undefined)
    const up = await reachable(storage)
    expect(up.length).toBeGreaterThan(20)
    expect(up.length).toBeLessThan(60)
    expect(await texts(storage, ...up)).toEqual(up.map(() => 'new'))
    await expect(storage.getMany(keys)).rejects.toEqual(unavailable)
    await expect(storage.clear('')).rejects.toEqual(unavailable)
    expect(await texts(storage, ...up)).toEqual(up.map(() => undefined))

    const late = open(urls)
    await late.open()
    expect(await reachable(late)).toEqual(up)

    await servers[1]!.restart()
    const down = keys.filter((key) => !up.includes(key))
    await recovered(storage, down[0])
    expect(await texts(storage, ...down)).toEqual(down.map(() => undefined))
    expect(await reachable(storage)).toEqual(keys)
  })
})
