import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { file, type FileOptions } from 'tiercel/file'
import { virtualClock, type VirtualClock } from 'tiercel/testing'
import type { Storage } from '../../src/contracts/storage.ts'
import { readHeader } from '../../src/serializers/envelope.ts'
import { EntryFolder } from '../../src/storages/file/entry-folder.ts'
import { FolderSweep } from '../../src/storages/file/folder-sweep.ts'
import { KeyOrder } from '../../src/storages/file/key-order.ts'
import { temporaryFolder } from './folder.ts'
import { headerAt, item, texts } from './items.ts'

const hour = 3_600_000
/** Writes that pay for a round through few files: two pages a folder, one of them empty. */
const round = 50 * 2 * 256

let folder: ReturnType<typeof temporaryFolder>
let clock: VirtualClock
let storage: Storage
beforeEach(() => {
  folder = temporaryFolder()
  clock = virtualClock()
  storage = file({ directory: join(folder.path, 'cache'), clock, sweepEvery: Infinity })
})
afterEach(async () => {
  await storage.close()
  await folder.remove()
})

test.each<[string, object]>([
  ['directory', {}],
  ['directory', { directory: '' }],
  ['directory', { directory: 'a\0b' }],
  ['sweepEvery', { directory: 'a', sweepEvery: '0s' }],
])('options that make no sense are refused at once: %s of %j', (where, options) => {
  expect(() => file(options as FileOptions)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`file: ${where}`) as string }),
  )
})

test('a directory that is no directory can not be opened', async () => {
  writeFileSync(join(folder.path, 'file'), '')
  const impossible = file({ directory: join(folder.path, 'file') })
  await expect(impossible.open()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  await impossible.close()
})

test('nobody else may read what is cached', async () => {
  await storage.setMany([item('a')])
  const [entry] = files()
  expect(statSync(join(folder.path, 'cache')).mode & 0o777).toBe(0o700)
  expect(statSync(dirname(entry!)).mode & 0o777).toBe(0o700)
  expect(statSync(entry!).mode & 0o777).toBe(0o600)
})

test('changes of one key happen in the order they were called', async () => {
  await Promise.all([
    ...Array.from({ length: 20 }, (_, round) => storage.setMany([item('p:a', `${round}`)])),
    storage.deleteMany(['p:a']),
    storage.setMany([item('p:a', 'set again'), item('p:b')]),
    storage.clear('p:'),
    storage.setMany([item('p:a', 'last')]),
  ])
  expect(await texts(storage, 'p:a', 'p:b')).toEqual(['last', undefined])
})

test('clearing takes all that was called before it, and nothing that is called later', async () => {
  const before = Array.from({ length: 50 }, (_, round) => storage.setMany([item('p:before', `${round}`)]))
  const cleared = storage.clear('p:')
  const later = Array.from({ length: 200 }, (_, number) => item(`p:later:${number}`))
  const after = storage.setMany(later)
  await Promise.all([...before, cleared, after])
  expect(await texts(storage, 'p:before')).toEqual([undefined])
  const keys = later.map(({ key }) => key)
  expect(await texts(storage, ...keys)).toEqual(keys)
})

test('an entry that is made stale does not come back over a newer one of another process', async () => {
  const other = file({ directory: join(folder.path, 'cache'), clock })
  for (let round = 0; round < 100; round++) {
    await storage.setMany([{ ...item('a', 'old'), header: headerAt(clock.now()) }])
    await Promise.all([storage.expireMany(['a']), other.setMany([item('a', 'new')])])
    expect(await texts(storage, 'a')).toEqual(['new'])
  }
  await other.close()
})

test('making an entry stale changes some bytes of its file, and its life', async () => {
  const payload = Buffer.alloc(100_000, 'a big one ')
  await storage.setMany([{ key: 'a', payload, header: headerAt(clock.now()), ttl: 120_000 }])
  clock.tick(10_000)
  await storage.expireMany(['a'])
  const [stored] = await storage.getMany(['a'])
  expect(Buffer.compare(stored!.payload, payload)).toBe(0)
  expect(readHeader(stored!.header)).toMatchObject({ staleAt: clock.now(), expiredAt: clock.now() + 60_000 })
  clock.tick(60_000)
  expect(await storage.getMany(['a'])).toEqual([undefined])
})

test('an entry that can not be made stale, because its header is not ours, is deleted', async () => {
  await storage.setMany([{ ...item('a'), header: Buffer.from('from the future') }])
  await storage.expireMany(['a'])
  expect(await texts(storage, 'a')).toEqual([undefined])
})

describe('files that are not as they should be', () => {
  test('cut short anywhere, or with any byte changed, an entry is a miss and nothing worse', async () => {
    await storage.setMany([{ ...item('a'), header: headerAt(clock.now()) }])
    const [entry] = files()
    const whole = readFileSync(entry!)
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(entry!, whole.subarray(0, length))
      expect(await texts(storage, 'a')).toEqual([undefined])
      await storage.expireMany(['a'])
      if (length % 16 === 0) expect(await listed()).toEqual([])
    }
    for (let place = 0; place < whole.length; place++) {
      const changed = Buffer.from(whole)
      changed[place]! ^= 0x41
      writeFileSync(entry!, changed)
      expect(await texts(storage, 'a')).toEqual([undefined])
      await storage.expireMany(['a'])
    }
    writeFileSync(entry!, Buffer.concat([whole, Buffer.from('x')]))
    expect(await texts(storage, 'a')).toEqual([undefined])
    await storage.setMany([item('a', 'again')])
    expect(await texts(storage, 'a')).toEqual(['again'])
  })

  test('an entry of another key under our name is a miss, and its owner’s', async () => {
    await storage.setMany([item('a')])
    const [first] = files()
    await storage.setMany([item('b')])
    const second = files().find((path) => path !== first)
    copyFileSync(first!, second!)
    expect(await texts(storage, 'a', 'b')).toEqual(['a', undefined])
    expect(await storage.deleteMany(['b'])).toBe(0)
    expect(files()).toHaveLength(2)
    await storage.setMany([item('b')])
    expect(await texts(storage, 'a', 'b')).toEqual(['a', 'b'])
  })

  test('DEFECTS 16: files of somebody else stay, whatever is done', async () => {
    await storage.setMany([item('a')])
    const [entry] = files()
    const theirs = [join(folder.path, 'cache', 'notes.txt'), join(dirname(entry!), 'notes.txt'), entry!]
    for (const path of theirs) writeFileSync(path, 'mine, not yours')

    expect(await texts(storage, 'a')).toEqual([undefined])
    expect(await storage.deleteMany(['a'])).toBe(0)
    await storage.expireMany(['a'])
    await storage.clear('')
    await sweptAll()
    for (const path of theirs) expect(readFileSync(path, 'utf8')).toBe('mine, not yours')

    await storage.setMany([item('a', 'ours now')])
    expect(await texts(storage, 'a')).toEqual(['ours now'])
  })

  test('a folder under the name of an entry is a miss; writing there fails and leaves nothing behind', async () => {
    await storage.setMany([item('a')])
    const [entry] = files()
    rmSync(entry!)
    mkdirSync(join(entry!, 'inside'), { recursive: true })
    expect(await texts(storage, 'a')).toEqual([undefined])
    expect(await storage.deleteMany(['a'])).toBe(0)
    expect(await listed()).toEqual([])
    await expect(storage.setMany([item('a')])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(readdirSync(dirname(entry!))).toHaveLength(1)
  })

  test('a directory that was deleted is a miss, and made again', async () => {
    await storage.setMany([item('a')])
    rmSync(join(folder.path, 'cache'), { recursive: true })
    expect(await texts(storage, 'a')).toEqual([undefined])
    expect(await listed()).toEqual([])
    await storage.setMany([item('a')])
    expect(await texts(storage, 'a')).toEqual(['a'])
  })
})

describe('sweeping', () => {
  test('DEFECTS 30: expired files go without being read, though nothing is written', async () => {
    const sweeping = file({ directory: join(folder.path, 'cache'), clock, sweepEvery: '256s' })
    await sweeping.setMany([...Array.from({ length: 40 }, (_, n) => item(`dying:${n}`, 'x', 1_000)), item('for ever')])
    for (let step = 0; step < 256; step++) {
      await clock.advance(1_000)
      // The next step is due a second after this one has ended.
      await settled(() => clock.timerCount === 1)
    }
    expect(files()).toHaveLength(1)
    expect(await texts(sweeping, 'for ever')).toEqual(['for ever'])
    await sweeping.close()
    expect(clock.timerCount).toBe(0)
  }, 30_000)

  test('DEFECTS 30: writing pays for sweeping: a look at two files each', async () => {
    await storage.setMany(Array.from({ length: 100 }, (_, n) => item(`dying:${n}`, 'x', 1_000)))
    clock.tick(1_000)
    const sweep = sweepOf(storageFolder())
    await sweep.payFor(round - 1)
    const left = files().length
    expect(left).toBeLessThan(100)
    // Of a debt that isn't due nothing is paid.
    await sweep.payFor(0)
    expect(files()).toHaveLength(left)
    await sweep.payFor(round)
    expect(files()).toHaveLength(0)

    const paid = vi.spyOn(FolderSweep.prototype, 'payFor')
    await storage.setMany([item('a'), item('b')])
    expect(paid).toHaveBeenCalledExactlyOnceWith(2)
    paid.mockRestore()
  })

  test('a page at most is swept for fifty writes, however many files there are', async () => {
    const keys = Array.from({ length: 1_000 }, (_, n) => `dying:${n}`)
    await storage.setMany(keys.map((key) => item(key, 'x', 1_000)))
    const [first] = files()
    for (const path of files().slice(1)) renameSync(path, join(dirname(first!), basename(path)))
    clock.tick(1_000)
    const sweep = sweepOf(storageFolder())
    const looked = vi.spyOn(EntryFolder.prototype, 'delete')
    for (let page = 0; page < 300; page++) {
      await sweep.payFor(50)
      expect(looked.mock.calls.length).toBeLessThanOrEqual(100)
      looked.mockClear()
    }
    looked.mockRestore()
  })

  test('an entry that is written anew before its turn to be swept stays', async () => {
    await storage.setMany([item('a', 'old', 1_000)])
    clock.tick(1_000)
    const order = new KeyOrder()
    let goOn = (): void => undefined
    const earlier = order.run('a', () => new Promise<void>((resolve) => (goOn = resolve)))
    const turns = vi.spyOn(order, 'run')

    const swept = new FolderSweep(storageFolder(), order, clock).payFor(round)
    await settled(() => turns.mock.calls.length === 1)
    await storage.setMany([item('a', 'new')])
    goOn()
    await Promise.all([earlier, swept])
    expect(await texts(storage, 'a')).toEqual(['new'])
  })

  test('what a dead writer left goes after an hour, and damaged files with it', async () => {
    await storage.setMany([item('a'), item('b'), item('c')])
    const [a, b, c] = files()
    writeFileSync(a!, readFileSync(a!).subarray(0, 50))
    writeFileSync(b!, '')
    const abandoned = `${c!}.0b7c.tmp`
    writeFileSync(abandoned, 'half an en')
    const touch = (time: number): void => [a!, b!, abandoned].forEach((path) => utimesSync(path, time, time))

    touch((clock.now() - hour) / 1_000 + 1)
    await sweptAll()
    expect([a!, b!, abandoned].map((path) => existsSync(path))).toEqual([true, true, true])
    touch((clock.now() - hour) / 1_000)
    await sweptAll()
    expect([a!, b!, abandoned].map((path) => existsSync(path))).toEqual([false, false, false])
    expect(await texts(storage, 'a', 'b', 'c').then((found) => found.filter(Boolean))).toHaveLength(1)
  })
})

/** Every file that is there. */
function files(): readonly string[] {
  return readdirSync(join(folder.path, 'cache'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

async function listed(): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const page of storage.capabilities.scan!.keys('')) keys.push(...page)
  return keys
}

function storageFolder(): EntryFolder {
  return new EntryFolder(join(folder.path, 'cache'))
}

function sweepOf(entries: EntryFolder): FolderSweep {
  return new FolderSweep(entries, new KeyOrder(), clock)
}

/** A round through all folders. */
function sweptAll(): Promise<void> {
  return sweepOf(storageFolder()).payFor(round)
}

/** Files take their time, whatever the clock says. */
function settled(isDone: () => boolean): Promise<void> {
  return vi.waitFor(() => expect(isDone()).toBe(true), { interval: 1, timeout: 20_000 })
}
