import { afterEach, describe, expect, test } from 'vitest'
import { CacheError } from 'tiercel'
import type { Storage } from '../../../src/contracts/storage.ts'
import { startProxy, type Proxy } from '../../servers/proxy.ts'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { claim, fulfil, item, texts } from '../items.ts'
import { sqlSubjects } from './subjects.ts'

const limits = { connect: 400, statement: 400 }
// What a limit may be overrun by on a busy machine.
const slack = 600

for (const subject of sqlSubjects) {
  const { kind } = subject
  describe.skipIf(!(await isServerHere(kind, { own: true })))(`${kind}() whose server fails`, () => {
    // What is acknowledged must be there after a crash.
    const args = kind === 'mysql' ? ['--innodb-flush-log-at-trx-commit=1'] : []
    const server = useServer(kind, { args })
    const made: { close(): Promise<unknown> }[] = []
    afterEach(async () => {
      for (const one of made.splice(0).reverse()) await one.close()
    })

    const open = (url = server.url, options: object = {}): Storage => {
      const storage = subject.open(url, { limits, table: 'faults', ...options })
      made.push(storage)
      return storage
    }
    const proxied = async (): Promise<{ readonly proxy: Proxy; readonly storage: Storage }> => {
      const proxy = await startProxy(server.port)
      made.push(proxy)
      return { proxy, storage: open(server.url.replace(`:${server.port}`, `:${proxy.port}`)) }
    }

    test('says so while it is down from the start, and works when it is up', async () => {
      await server.kill()
      const storage = open()
      await expectUnavailable(() => texts(storage, 'a'))
      await server.restart()
      await worksAgain(storage)
    }, 60_000)

    test('says so when it is killed in mid-use, and works when it is up again', async () => {
      const storage = open()
      await storage.setMany([item('a')])
      const underWay = Promise.allSettled(
        Array.from({ length: 40 }, (_, index) => storage.setMany([item(`k${index}`)])),
      )
      await server.kill()
      for (const outcome of await underWay) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      }
      await expectUnavailable(() => texts(storage, 'a'))
      await server.restart()
      await worksAgain(storage)
      expect(await texts(storage, 'a')).toEqual(['a'])
    }, 60_000)

    test('loses no more than what was under way when every connection is cut', async () => {
      const storage = open()
      for (let round = 0; round < 5; round++) {
        await Promise.all(Array.from({ length: 10 }, (_, index) => storage.setMany([item(`k${index}`)])))
        await subject.run(server.url, ...subject.cutAll).catch(() => undefined)
        await worksAgain(storage)
      }
    }, 60_000)

    test('survives a reply that is cut in the middle', async () => {
      const { proxy, storage } = await proxied()
      await storage.setMany([item('a', 'x'.repeat(10_000))])
      for (const bytes of [0, 1, 7, 100, 5_000]) {
        proxy.cutReplyAfter(bytes)
        await expectUnavailable(() => texts(storage, 'a'))
        await worksAgain(storage)
      }
    }, 60_000)

    test('answers within its limit when the server is frozen, and works when it is thawed', async () => {
      const storage = open()
      await storage.setMany([item('a')])
      server.freeze()
      try {
        const outcomes = await Promise.all(
          Array.from({ length: 30 }, () => expectUnavailable(() => texts(storage, 'a'))),
        )
        expect(outcomes).toHaveLength(30)
        await expectUnavailable(() => storage.setMany([item('b')]))
        await expectUnavailable(() => claim(storage, 'b', 'mine'))
      } finally {
        server.thaw()
      }
      await worksAgain(storage)
    }, 60_000)

    test('answers within its limit when connections swallow everything, and closes all the same', async () => {
      const { proxy, storage } = await proxied()
      await storage.setMany([item('a')])
      proxy.swallow()
      await Promise.all(Array.from({ length: 30 }, () => expectUnavailable(() => texts(storage, 'a'))))
      const began = performance.now()
      await storage.close()
      expect(performance.now() - began).toBeLessThan(limits.statement + limits.connect + slack)
    }, 60_000)

    test('does not storm a server that refuses everybody', async () => {
      const { proxy, storage } = await proxied()
      await storage.setMany([item('a')])
      proxy.refuse()
      await expectUnavailable(() => texts(storage, 'a'))
      const before = proxy.acceptedCount
      const end = performance.now() + 1_500
      let asked = 0
      while (performance.now() < end) {
        await expectUnavailable(() => texts(storage, 'a'))
        asked++
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      // 50, 100, 200, 400 and 800 ms apart.
      expect(proxy.acceptedCount - before).toBeLessThanOrEqual(8)
      expect(asked).toBeGreaterThan(100)
      proxy.pass()
      await worksAgain(storage)
    }, 60_000)

    test('refuses a user it does not know, without a storm', async () => {
      const storage = open(server.url.replace(/\/\/\w+@/, '//nobody:wrong@'))
      const error = await expectUnavailable(() => texts(storage, 'a'))
      expect(error.message).toMatch(/nobody/)
    })

    test('reports a server that may only be read, still reads, and writes when it may again', async () => {
      const storage = open(server.url, { poolSize: 1 })
      await storage.setMany([item('a')])
      await readOnly(subject.kind, server.url, true)
      const reader = open(asApplication(subject.kind, server.url), { poolSize: 1 })
      try {
        const error = await expectUnavailable(() => reader.setMany([item('a', 'new')]))
        expect(error.message).toMatch(/read[- ]only/i)
        await expectUnavailable(() => claim(reader, 'a', 'mine'))
        await expectUnavailable(() => reader.deleteMany(['a']))
        expect(await texts(reader, 'a')).toEqual(['a'])
      } finally {
        await readOnly(subject.kind, server.url, false)
      }
      await subject.run(server.url, ...subject.cutAll).catch(() => undefined)
      await worksAgain(reader)
    }, 60_000)

    test('no error of a connection nobody uses ends the process or stays in the way', async () => {
      const storage = open()
      await Promise.all(Array.from({ length: 10 }, (_, index) => storage.setMany([item(`k${index}`)])))
      await server.kill()
      await new Promise((resolve) => setTimeout(resolve, 100))
      await server.restart()
      await worksAgain(storage)
    }, 60_000)

    test('a lease that was claimed before a crash still fences after it', async () => {
      const storage = open()
      await storage.deleteMany(['l'])
      expect(await claim(storage, 'l', 'mine')).toBe(true)
      await server.kill()
      await server.restart()
      await worksAgain(storage)
      expect(await claim(storage, 'l', 'yours')).toBe(false)
      expect(await fulfil(storage, 'l', 'mine', 'loaded')).toBe(true)
      expect(await texts(storage, 'l')).toEqual(['loaded'])
    }, 60_000)

    test('a header that is foreign or cut off is read as it is, and deleted when it should be made stale', async () => {
      const storage = open()
      const keys = ['foreign', 'cut off', 'empty']
      await storage.setMany(keys.map((key) => item(key)))
      const table = subject.quoted('faults')
      const id = (key: string): string => subject.bytes(Buffer.from(key).toString('hex'))
      await subject.run(
        server.url,
        `UPDATE ${table} SET header = ${subject.bytes('deadbeef')} WHERE id = ${id('foreign')}`,
        `UPDATE ${table} SET header = ${subject.bytes('544301')} WHERE id = ${id('cut off')}`,
        `UPDATE ${table} SET header = ${subject.bytes('')}, payload = ${subject.bytes('')} WHERE id = ${id('empty')}`,
      )
      const found = await storage.getMany(keys)
      expect(found.map((stored) => stored && Buffer.from(stored.header).toString('hex'))).toEqual([
        'deadbeef',
        '544301',
        '',
      ])
      await storage.expireMany([...keys, 'nothing'])
      expect(await storage.getMany(keys)).toEqual([undefined, undefined, undefined])
    })
  })
}

/** Fails, as it should: with the right code, and within the limits. */
async function expectUnavailable(action: () => Promise<unknown>): Promise<CacheError> {
  const began = performance.now()
  const error: unknown = await action().then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(CacheError)
  expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  expect(performance.now() - began).toBeLessThan(limits.connect + limits.statement + slack)
  return error as CacheError
}

/** Works again before long, without being opened anew. */
async function worksAgain(storage: Storage): Promise<void> {
  const end = performance.now() + 5_000
  for (;;) {
    try {
      await storage.setMany([item('again')])
      expect(await texts(storage, 'again')).toEqual(['again'])
      return
    } catch (error) {
      expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      if (performance.now() > end) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Root may write to a server of MySQL's that is read-only. */
function asApplication(kind: 'postgres' | 'mysql', url: string): string {
  return kind === 'mysql' ? url.replace('//root@', '//application@') : url
}

async function readOnly(kind: 'postgres' | 'mysql', url: string, isSo: boolean): Promise<void> {
  const subject = sqlSubjects.find((one) => one.kind === kind)
  if (kind === 'postgres') {
    const setting = `ALTER DATABASE postgres SET default_transaction_read_only = ${isSo ? 'on' : 'off'}`
    await subject?.run(url, 'SET default_transaction_read_only = off', setting)
    return
  }
  await subject?.run(
    url,
    "CREATE USER IF NOT EXISTS 'application'@'%'",
    "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON mysql.* TO 'application'@'%'",
    `SET GLOBAL read_only = ${isSo ? 1 : 0}`,
  )
}
