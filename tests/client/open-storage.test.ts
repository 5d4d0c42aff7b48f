import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MemoryCache, openStorage, type AnyStorage, type Storage } from 'tiercel'
import { temporaryFolder } from '../storages/folder.ts'
import { item, texts } from '../storages/items.ts'
import { build } from '../architecture/project.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

async function opened(url: string, options?: Readonly<Record<string, unknown>>): Promise<AnyStorage> {
  return openStorage(url, options)
}

function capacityOf(storage: MemoryCache): number {
  for (let index = 0; index < 10_100; index++) storage.set(`${index}`, index)
  return storage.size
}

describe('memory', () => {
  test.each([
    ['local:', 'tinylfu', 10_000],
    ['local://', 'tinylfu', 10_000],
    ['local://tlfu', 'tinylfu', 10_000],
    ['local://lru?size=7', 'lru', 7],
    ['LOCAL://sieve/?maxEntries=8', 'sieve', 8],
    ['local:?policy=fifo&size=9', 'fifo', 9],
  ])('%s is bounded as it says', async (url, policy, maxEntries) => {
    const storage = (await opened(url)) as MemoryCache
    expect(storage).toBeInstanceOf(MemoryCache)
    expect([storage.stats().policy, capacityOf(storage)]).toEqual([policy, maxEntries])
  })

  test('keeps a ttl, and freezes when told so', async () => {
    const storage = (await openStorage('local://lru?ttl=1ms&freeze=true')) as MemoryCache<string, object>
    const value = {}
    storage.set('a', value)
    expect(Object.isFrozen(value)).toBe(true)
  })
})

describe('files', () => {
  test.each([
    ['sqlite:', 'a.db'],
    ['sqlite://', 'b.db'],
    ['sqlite:', 'with%20space%23.db'],
    ['file:', 'files'],
    ['file://', 'more%20files'],
  ])('%s with an absolute path %s is opened there', async (start, name) => {
    const storage = (await opened(`${start}${folder.path}/${name}`)) as Storage
    await storage.setMany([item('a')])
    expect(await texts(storage, 'a')).toEqual(['a'])
    await storage.close()
    expect(existsSync(join(folder.path, decodeURIComponent(name)))).toBe(true)
  })

  test.each(['sqlite:relative.db', 'sqlite://relative.db', 'sqlite:./relative.db'])(
    '%s is relative to where the process runs',
    async (url) => {
      const before = process.cwd()
      process.chdir(folder.path)
      try {
        const storage = await opened(`${url}?table=pages`)
        await (storage as Storage).close()
        expect(existsSync(join(folder.path, 'relative.db'))).toBe(true)
      } finally {
        process.chdir(before)
        rmSync(join(folder.path, 'relative.db'), { force: true })
      }
    },
  )

  test.each(['sqlite::memory:', 'sqlite://:memory:'])('%s is in memory', async (url) => {
    const storage = (await opened(url)) as Storage
    await storage.setMany([item('a')])
    expect(await texts(storage, 'a')).toEqual(['a'])
    await storage.close()
  })

  test('null: keeps nothing', async () => {
    const storage = await openStorage('null:')
    await storage.setMany([item('a')])
    expect(await texts(storage, 'a')).toEqual([undefined])
    await storage.close()
  })
})

test('options that the program gives go before those of the URL, within a group too', async () => {
  const storage = (await openStorage('local://lru?size=3&ttl=1h', { maxEntries: 5 })) as MemoryCache
  expect([storage.stats().policy, capacityOf(storage)]).toEqual(['lru', 5])
  const bad = openStorage('sqlite::memory:?writes.flushEvery=1ms', { writes: { busyFor: '2h' } })
  await expect(bad).rejects.toThrow('sqlite: writes.busyFor: expected an hour at most')
})

describe('what makes no sense is refused, without telling the URL', () => {
  test.each([
    ['', 'expected one like redis://host:6379'],
    ['secret', 'expected one like redis://host:6379'],
    [
      'couchbase://me:secret@host',
      'openStorage: url: expected one of local:, redis:, rediss:, memcached:, mongodb:, mongodb+srv:,',
    ],
    ['constructor:x', 'got constructor:'],
    [
      'local://lru?siez=3',
      'local:: expected some of the parameters size, maxEntries, policy, ttl, freeze, clone, got "siez"',
    ],
    ['local://lru?size=many', 'openStorage: size: expected a whole number, got "many"'],
    ['local://lru?size=1&size=2', 'openStorage: size: expected once, got twice'],
    ['local://lru?freeze=yes', 'openStorage: freeze: expected true or false, got "yes"'],
    ['local://lru?ttl=soon', 'openStorage: ttl: expected a duration'],
    ['local://lru?ttl=%zz', 'openStorage: ttl: expected characters that are escaped'],
    ['local://belady', 'memory: policy: expected one of'],
    ['null:?size=3', 'null:: expected no parameters, got "size"'],
    ['sqlite:', 'a path behind sqlite:'],
    ['sqlite://?table=x', 'a path behind sqlite:'],
    ['sqlite:x.db?driver=sqlite3', 'openStorage: driver: expected one of node:sqlite, better-sqlite3, libsql'],
    ['redis://me:secret@host?pollSize=3', 'redis:: expected some of the parameters'],
    ['redis://me:secret@host?limits.connect=0', 'redis: limits.connect'],
    ['redis://me:secret@host/first', 'redis: url'],
    [
      'redis://me:secret@host?cluster=true&poolSize=3',
      'openStorage: redis: poolSize: expected no `poolSize` with cluster=true',
    ],
    ['redis://me:secret@host?nodes=a', 'openStorage: redis: nodes: expected no `nodes` without cluster=true'],
    ['redis://me:secret@host/1?cluster=true', 'redisCluster: url: expected database 0'],
    ['redis://me:a/secret@host:port', 'redis: url: expected an address like'],
    ['memcached://me:secret@host,host', 'memcached: servers: expected one server or several different ones'],
    ['memcached://me:%zz@host', 'openStorage: the credentials behind memcached:'],
    ['memcached://host?sasl=secret', 'memcached:: expected some of the parameters'],
    ['mysql://me:secret@host/db?tabel=x', 'mysql:: expected some of the parameters'],
    ['mariadb://me:secret@host/db?table=a-b', 'mysql: table: expected a name'],
    ['mongodb://me:secret@host?poolSize=0', 'mongodb: poolSize'],
    [
      'mongodb://me:secret@host/?retriWrites=false',
      'mongodb: url: the driver refuses it: option retriwrites is not supported',
    ],
    ['mongodb://me:sec:ret@host/', 'mongodb: url: the driver refuses it'],
    ['postgres://me:secret@host/db?sslmoed=disable', 'postgres:: expected some of the parameters'],
    ['postgres://me:secret@host/db?durability=none', 'openStorage: durability: expected one of logged, unlogged'],
  ])('%s', async (url, message) => {
    const error: unknown = await opened(url).catch((one: unknown) => one)
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(message) as string })
    expect(`${(error as Error).stack} ${String((error as Error).cause)}`).not.toMatch(/secret|sec:ret/)
  })
})

test.each([
  ['redis://me:secret@127.0.0.1:1?limits.connect=300'],
  ['mongodb://me:secret@127.0.0.1:1/?directConnection=true&limits.connect=300'],
  ['redis://me:secret@127.0.0.1:1?cluster=true&limits.connect=300&nodes=127.0.0.1:2,127.0.0.1:3'],
  ['memcached://me:secret@127.0.0.1:1,127.0.0.1:2?limits.connect=300'],
  ['mysql://me:secret@127.0.0.1:1/db?limits.connect=300&charset=utf8mb4'],
  ['mariadb://me:secret@127.0.0.1:1/db?limits.connect=300'],
  ['postgres://me:secret@127.0.0.1:1/db?limits.connect=300&application_name=shop'],
])('a server that is away is an error, without its password: %s', async (url) => {
  const error: unknown = await opened(url).catch((one: unknown) => one)
  expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  expect(JSON.stringify([String(error), String((error as Error).cause)])).not.toContain('secret')
})

describe('a driver that is not installed', () => {
  let built = ''
  beforeAll(() => {
    built = build()
  })
  afterAll(() => rmSync(built, { recursive: true, force: true }))

  test.each([
    ['redis://localhost', ['ioredis', '@redis/client']],
    ['mongodb://localhost', ['mongodb']],
    ['postgres://localhost/db', ['pg']],
    ['mysql://localhost/db', ['mysql2']],
    ['redis://localhost?cluster=true', ['ioredis', '@redis/client']],
  ])('of %s is named, and how to install it', (url, packages) => {
    const program = `
      import { openStorage } from ${JSON.stringify(join(built, 'doors/index.js'))}
      const error = await openStorage(${JSON.stringify(url)}).catch((one) => one)
      console.log(JSON.stringify({ code: error.code, message: error.message }))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: built,
      encoding: 'utf8',
      timeout: 10_000,
    })
    expect(stderr).toBe('')
    const said = JSON.parse(stdout) as { code: string; message: string }
    expect(said.code).toBe('UNSUPPORTED')
    for (const name of packages) expect(said.message).toContain(`npm install ${name}`)
  })
})
