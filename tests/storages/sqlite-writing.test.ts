import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { sqlite } from 'tiercel/sqlite'
import { openDatabase } from '../../src/storages/sql/sqlite/sqlite-driver.ts'
import type { Storage } from '../../src/contracts/storage.ts'
import { temporaryFolder } from './folder.ts'
import { claim, fulfil, item, texts } from './items.ts'
import { watchedClient, type WatchedClient } from './watched-client.ts'

const never = '1h'

describe('transactions', () => {
  let client: WatchedClient
  let storage: Storage
  beforeEach(async () => {
    client = await watchedClient()
    storage = sqlite({ client, writes: { flushEvery: never } })
    await storage.open()
    client.story.length = 0
  })
  afterEach(async () => {
    await storage.close()
    client.close()
  })

  test('DEFECTS 43: what is written in one turn goes in one transaction', async () => {
    // A transaction is cut when it takes long; in this one no time passes, however slow the machine.
    const time = vi.spyOn(performance, 'now').mockReturnValue(performance.now())
    onTestFinished(() => time.mockRestore())
    await Promise.all([
      storage.setMany([item('a'), item('b')]),
      claim(storage, 'c', 'mine'),
      storage.deleteMany(['a']),
      storage.expireMany(['b']),
      storage.clear('x'),
    ])
    expect(client.story).toEqual(['BEGIN IMMEDIATE', 'COMMIT'])
  })

  test('DEFECTS 43: a big batch is cut, and the event loop turns in between', async () => {
    let turns = 0
    const onTurn = (): void => {
      turns++
      client.story.push('turn')
      if (turns < 1_000) immediate = setImmediate(onTurn)
    }
    let immediate = setImmediate(onTurn)
    await storage.setMany(Array.from({ length: 5_000 }, (_, index) => item(`many:${index}`)))
    clearImmediate(immediate)

    const commits = client.story.filter((what) => what === 'COMMIT').length
    expect(commits).toBeGreaterThanOrEqual(10)
    const story = client.story.join(' ')
    expect(story).not.toContain('COMMIT BEGIN IMMEDIATE')
    expect(turns).toBeGreaterThanOrEqual(commits - 1)
  })

  test('reading a great many keys lets the event loop turn', async () => {
    const keys = Array.from({ length: 60_000 }, (_, index) => `none:${index}`)
    expect(await turnsDuring(() => storage.getMany(keys))).toBeGreaterThan(1)
  })

  test('so do a great many short reads, each awaited before the next', async () => {
    const readOn = async (): Promise<void> => {
      const end = performance.now() + 100
      while (performance.now() < end) await storage.getMany(['a', 'b'])
    }
    expect(await turnsDuring(readOn)).toBeGreaterThan(3)
  })

  test('what a load fills waits for company, and is done when it is committed', async () => {
    await Promise.all([claim(storage, 'a', 'mine'), claim(storage, 'b', 'mine')])
    client.story.length = 0

    const done: string[] = []
    const first = fulfil(storage, 'a', 'mine').then(() => done.push('a'))
    await turn()
    const second = fulfil(storage, 'b', 'mine').then(() => done.push('b'))
    await turn()
    expect(client.story).toEqual([])
    expect(done).toEqual([])
    expect(await texts(storage, 'a')).toEqual([undefined])

    await storage.deleteMany(['c'])
    await Promise.all([first, second])
    expect(client.story.filter((what) => what !== 'BEGIN')).toEqual(['BEGIN IMMEDIATE', 'COMMIT'])
    expect(await texts(storage, 'a', 'b')).toEqual(['a', 'b'])
  })

  test('closing does not wait for company', async () => {
    await claim(storage, 'a', 'mine')
    const fill = fulfil(storage, 'a', 'mine')
    await storage.close()
    expect(await fill).toBe(true)
  })

  test('what waits longest goes first: a set after a fill stays, and so does a delete', async () => {
    await Promise.all([claim(storage, 'a', 'mine'), claim(storage, 'b', 'mine')])
    const fills = [fulfil(storage, 'a', 'mine', 'loaded'), fulfil(storage, 'b', 'mine', 'loaded')]
    const changes = [storage.setMany([item('a', 'set')]), storage.deleteMany(['b'])]
    expect(await Promise.all(fills)).toEqual([true, true])
    expect(await Promise.all(changes)).toEqual([undefined, 1])
    expect(await texts(storage, 'a', 'b')).toEqual(['set', undefined])
  })

  test('a fill asks for its lease when it is written, not when it is called', async () => {
    const other = sqlite({ client })
    await claim(storage, 'a', 'mine')
    const fill = fulfil(storage, 'a', 'mine')
    await turn()
    await other.deleteMany(['a'])
    await storage.setMany([])
    await storage.deleteMany(['b'])
    expect(await fill).toBe(false)
    expect(await texts(storage, 'a')).toEqual([undefined])
    await other.close()
  })

  test('a full batch of fills does not wait', async () => {
    const keys = Array.from({ length: 500 }, (_, index) => `many:${index}`)
    await storage.capabilities.leases?.claimMany(keys.map((key) => ({ key, token: 'mine', life: 60_000 })))
    const written = await storage.capabilities.leases?.fulfilMany(keys.map((key) => ({ ...item(key), token: 'mine' })))
    expect(written).toEqual(keys.map(() => true))
  })

  test('changes of one key happen in the order they were called', async () => {
    const changes = [
      storage.setMany([item('p:a', '1')]),
      storage.clear('p:'),
      storage.setMany([item('p:a', '2'), item('p:b', '2')]),
      storage.deleteMany(['p:b']),
      storage.setMany([item('p:a', '3')]),
    ]
    await Promise.all(changes)
    expect(await texts(storage, 'p:a', 'p:b')).toEqual(['3', undefined])
  })

  test('an item that fails fails its call, and nothing else is lost', async () => {
    client.poison = 'bad'
    const calls = await Promise.allSettled([
      storage.setMany([item('a')]),
      storage.setMany([item('b'), item('bad'), item('c')]),
      storage.setMany([item('d')]),
    ])
    expect(calls.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(calls[1]).toMatchObject({ reason: { code: 'STORAGE_UNAVAILABLE', cause: new Error('poisoned') } })
    expect(await texts(storage, 'a', 'b', 'bad', 'c', 'd')).toEqual(['a', 'b', undefined, 'c', 'd'])
  })

  test("a transaction of the client's owner is not ours to end", async () => {
    client.exec('BEGIN')
    await expect(storage.setMany([item('a')])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    await expect(storage.getMany(['a', 'b'])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    client.exec('COMMIT')
    await storage.setMany([item('a')])
    expect(await texts(storage, 'a')).toEqual(['a'])
  })

  test('DEFECTS 43: a value has no limit of 64 KiB, nor of any size near it', async () => {
    const payload = Buffer.alloc(20_000_000, 'twenty megabytes ')
    await storage.setMany([{ ...item('big'), payload }])
    const [stored] = await storage.getMany(['big'])
    expect(Buffer.compare(stored!.payload, payload)).toBe(0)
  })
})

describe('another connection in the way', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let path: string
  beforeEach(() => {
    folder = temporaryFolder()
    path = join(folder.path, 'cache.db')
  })
  afterEach(() => folder.remove())

  test('a write waits for it, off the event loop, and keeps its place', async () => {
    const storage = sqlite({ path })
    await storage.setMany([item('a', '0')])
    const other = await openDatabase(path)
    other.exec('BEGIN IMMEDIATE')

    const done: string[] = []
    const writes = [
      storage.setMany([item('a', '1')]).then(() => done.push('set')),
      storage.deleteMany(['a']).then(() => done.push('delete')),
    ]
    expect(await texts(storage, 'a')).toEqual(['0'])
    for (let turns = 0; turns < 20; turns++) await turn()
    expect(done).toEqual([])

    other.exec('COMMIT')
    await Promise.all(writes)
    expect(done).toEqual(['set', 'delete'])
    other.close()
    await storage.close()
  })

  test('a write gives up when its time has passed, and is not carried out later', async () => {
    const storage = sqlite({ path, writes: { busyFor: 30 } })
    await storage.setMany([item('a', '0')])
    const other = await openDatabase(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(storage.setMany([item('a', '1')])).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining('locked by another connection') as string,
      cause: expect.any(Error) as Error,
    })
    other.exec('COMMIT')
    await storage.setMany([item('b')])
    expect(await texts(storage, 'a', 'b')).toEqual(['0', 'b'])
    other.close()
    await storage.close()
  })

  test('opening waits for it too', async () => {
    const other = await openDatabase(path)
    other.exec('CREATE TABLE theirs (a); BEGIN EXCLUSIVE')
    const storage = sqlite({ path })
    const opening = storage.open()
    for (let turns = 0; turns < 20; turns++) await turn()
    other.exec('COMMIT')
    await opening
    await storage.close()
    other.close()
  })

  test('opening gives up when its time has passed', async () => {
    const other = await openDatabase(path)
    other.exec('CREATE TABLE theirs (a); BEGIN EXCLUSIVE')
    const storage = sqlite({ path, writes: { busyFor: 20 } })
    await expect(storage.open()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    other.exec('COMMIT')
    await storage.open()
    await storage.close()
    other.close()
  })

  test('closing waits for long reads and for what is queued', async () => {
    const storage = sqlite({ path, writes: { flushEvery: never } })
    const keys = Array.from({ length: 30_000 }, (_, index) => `n${index}`)
    await claim(storage, 'n0', 'mine')
    const read = storage.getMany(keys)
    const fill = fulfil(storage, 'n0', 'mine')
    const clearing = storage.setMany(keys.slice(1).map((key) => item(key)))
    await storage.close()
    expect(await read).toHaveLength(keys.length)
    expect(await fill).toBe(true)
    await clearing

    const again = sqlite({ path })
    expect(await texts(again, 'n0', 'n29999')).toEqual(['n0', 'n29999'])
    await again.close()
  })
})

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0
  const onTurn = (): void => {
    turns++
    immediate = setImmediate(onTurn)
  }
  let immediate = setImmediate(onTurn)
  await work()
  clearImmediate(immediate)
  return turns
}
