import { afterEach, describe, expect, test } from 'vitest'
import type { Storage } from 'tiercel'
import { mongodb } from 'tiercel/mongodb'
import { startProxy, type Proxy } from '../../servers/proxy.ts'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { claim, fulfil, item, texts } from '../items.ts'

const timeLimit = 500
const limits = { connect: timeLimit, command: timeLimit }
// What a limit may be passed by, on a busy machine.
const grace = 1_500

describe.skipIf(!(await isServerHere('mongodb', { own: true })))('a server that fails', { timeout: 60_000 }, () => {
  const server = useServer('mongodb', { own: true })
  const cleanups: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })

  async function behindProxy(options: { readonly poolSize?: number } = {}): Promise<{ storage: Storage; wire: Proxy }> {
    const wire = await startProxy(server.port)
    cleanups.push(() => wire.close())
    const url = server.url.replace(`:${server.port}`, `:${wire.port}`)
    const storage = mongodb({ url, database: 'tiercel_tests', collection: 'faults', limits, ...options })
    cleanups.push(() => storage.close())
    return { storage, wire }
  }

  test('that refuses connections is an error within the limit, and is found when it takes them', async () => {
    const { storage, wire } = await behindProxy()
    wire.refuse()
    await expectFailure(() => storage.getMany(['a']))
    await expectFailure(() => storage.open())
    wire.pass()
    await storage.setMany([item('a')])
    expect(await texts(storage, 'a')).toEqual(['a'])
  })

  test('that is killed in mid-use is an error within the limit, and found again without a new storage', async () => {
    const { storage } = await behindProxy()
    await storage.setMany([item('a', 'before')])
    const calls = Array.from({ length: 50 }, () => storage.getMany(['a']).catch(codeOf))
    await server.kill()
    await Promise.all(calls)
    await Promise.all(operationsOf(storage).map(expectFailure))
    await server.restart()
    await eventually(() => storage.setMany([item('a', 'after')]))
    expect(await texts(storage, 'a')).toEqual(['after'])
  })

  test('whose connections are cut fails what was under way at most', async () => {
    const { storage, wire } = await behindProxy()
    await storage.setMany([item('a', 'there')])
    const calls = Array.from({ length: 50 }, () => storage.getMany(['a']).catch(codeOf))
    wire.cutAll()
    for (const answer of await Promise.all(calls)) {
      if (typeof answer === 'string') expect(answer).toBe('STORAGE_UNAVAILABLE')
      else expect(answer).toHaveLength(1)
    }
    await eventually(() => storage.getMany(['a']))
    expect(await texts(storage, 'a')).toEqual(['there'])
  })

  test.each([0, 1, 15, 16, 21, 60])('whose reply ends after %i bytes is never half believed', async (bytes) => {
    const { storage, wire } = await behindProxy({ poolSize: 1 })
    await storage.setMany([item('a', 'x'.repeat(500))])
    wire.cutReplyAfter(bytes)
    const answers = await Promise.all(Array.from({ length: 3 }, () => texts(storage, 'a').catch(codeOf)))
    for (const answer of answers) expect(['STORAGE_UNAVAILABLE', 'x'.repeat(500)]).toContain([answer].flat()[0])
    await eventually(() => storage.getMany(['a']))
    expect(await texts(storage, 'a')).toEqual(['x'.repeat(500)])
  })

  test('that answers nothing costs each call its limit, and no connection is lost to it', async () => {
    const { storage } = await behindProxy({ poolSize: 2 })
    await storage.setMany([item('a', 'there')])
    server.freeze()
    try {
      const began = performance.now()
      const codes = await Promise.all(Array.from({ length: 20 }, () => storage.getMany(['a']).catch(codeOf)))
      expect(performance.now() - began).toBeLessThan(timeLimit + grace)
      expect(new Set(codes)).toEqual(new Set(['STORAGE_UNAVAILABLE']))
      await Promise.all(operationsOf(storage).map(expectFailure))
    } finally {
      server.thaw()
    }
    await eventually(() => storage.getMany(['a']))
    await Promise.all(Array.from({ length: 20 }, () => storage.getMany(['a'])))
    expect(await texts(storage, 'b')).toEqual([undefined])
  })

  test('is not stormed while it is away', async () => {
    const { storage, wire } = await behindProxy({ poolSize: 5 })
    await storage.setMany([item('a')])
    wire.refuse()
    const before = wire.acceptedCount
    const began = performance.now()
    for (let round = 0; round < 4; round++) {
      await Promise.all(Array.from({ length: 100 }, () => storage.getMany(['a']).catch(codeOf)))
    }
    const seconds = (performance.now() - began) / 1_000
    // The driver looks twice a second at most, on a connection or two, and whoever waits waits for that.
    expect(wire.acceptedCount - before).toBeLessThan(10 + 8 * seconds)
    wire.pass()
    await eventually(() => storage.getMany(['a']))
  })

  test('that was away while a lease ran out refuses its holder', async () => {
    const { storage } = await behindProxy()
    await storage.capabilities.leases?.claimMany([{ key: 'leased', token: 'mine', life: 1 }])
    await server.kill()
    await server.restart()
    await eventually(() => storage.getMany(['leased']))
    expect(await fulfil(storage, 'leased', 'mine')).toBe(false)
    expect(await claim(storage, 'leased', 'next')).toBe(true)
    await storage.deleteMany(['leased'])
  })

  test('is let go of within the limit, though it says nothing', async () => {
    const { storage } = await behindProxy()
    await storage.setMany([item('a')])
    server.freeze()
    try {
      const began = performance.now()
      const pending = storage.getMany(['a']).catch(codeOf)
      await storage.close().catch(codeOf)
      expect(performance.now() - began).toBeLessThan(2 * timeLimit + grace)
      expect(await pending).toBe('STORAGE_UNAVAILABLE')
    } finally {
      server.thaw()
    }
  })
})

function operationsOf(storage: Storage): readonly (() => Promise<unknown>)[] {
  const { leases, markers, scan, time, serverStats } = storage.capabilities
  return [
    () => storage.getMany(['a']),
    () => storage.setMany([item('a')]),
    () => storage.expireMany(['a']),
    () => storage.deleteMany(['a', 'b']),
    () => storage.clear('nothing'),
    () => leases?.claimMany([{ key: 'c', token: 't', life: 1 }]) ?? Promise.resolve(),
    () => markers?.ensureMany([item('m', 'm', 1)]) ?? Promise.resolve(),
    () => scan?.keys('nothing')[Symbol.asyncIterator]().next() ?? Promise.resolve(),
    () => time?.now() ?? Promise.resolve(),
    () => serverStats?.read() ?? Promise.resolve(),
  ]
}

async function expectFailure(operation: () => Promise<unknown>): Promise<void> {
  const began = performance.now()
  expect(await operation().then(() => 'an answer', codeOf)).toBe('STORAGE_UNAVAILABLE')
  expect(performance.now() - began).toBeLessThan(timeLimit + grace)
}

/** The driver may take a moment to see that its server is back. */
async function eventually(operation: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + 10_000
  for (;;) {
    const code = await operation().then(() => undefined, codeOf)
    if (code === undefined) return
    if (performance.now() > end) throw new Error(`still ${code}`)
  }
}

function codeOf(error: unknown): string {
  return (error as { readonly code?: string }).code ?? String(error)
}
