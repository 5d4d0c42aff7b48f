import { afterEach, describe, expect, test } from 'vitest'
import type { Storage } from '../../../src/contracts/storage.ts'
import { itemFlags } from '../../../src/storages/memcached/item.ts'
import { wireKey } from '../../../src/storages/memcached/wire-key.ts'
import { memcached, type MemcachedOptions } from 'tiercel/memcached'
import { virtualClock } from 'tiercel/testing'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { claim, fulfil, item, texts } from '../items.ts'
import { put, speak, take } from './raw-client.ts'

const isHere = await isServerHere('memcached', { own: true })

const storages: Storage[] = []
afterEach(async () => {
  await Promise.all(storages.splice(0).map((storage) => storage.close()))
})

describe.skipIf(!isHere)('memcached', () => {
  const server = useServer('memcached', { own: true })

  function open(options: MemcachedOptions = {}): Storage {
    const storage = memcached({ servers: server.url, ...options })
    storages.push(storage)
    return storage
  }

  test('an item is found under a readable name, and says in its flags what it is', async () => {
    await open().setMany([item('shop:user:1', 'Ann')])
    expect(await speak(server.port, 'mg tc:shop:user:1 f\r\n')).toBe(`HD f${itemFlags}\r\n`)
    expect(await take(server.port, 'tc:shop:user:1')).toContain('Ann')
  })

  test('a short life is left to the moment in the item, a long one is rounded down, none is for ever', async () => {
    const storage = open()
    const clock = virtualClock({ start: Date.now() })
    await open({ clock }).setMany([item('a', 'a', 20), item('b', 'b', 60_900), item('c')])
    await open({ clock }).setMany([item('d', 'd', 40 * 86_400_000), item('e', 'e', 3.15e12)])
    const seconds = async (key: string) => Number((await speak(server.port, `mg tc:${key} t\r\n`)).slice(4))
    expect(await seconds('a')).toBeGreaterThan(0)
    expect(await seconds('a')).toBeLessThanOrEqual(2)
    expect(Math.abs((await seconds('b')) - 59.5)).toBeLessThan(1)
    expect(await seconds('c')).toBe(-1)
    expect(Math.abs((await seconds('d')) - 40 * 86_400)).toBeLessThan(10)
    expect(await seconds('e')).toBe(-1)
    await clock.advance(20)
    expect(await texts(open({ clock }), 'a', 'b')).toEqual([undefined, 'b'])
    expect(await texts(storage, 'b')).toEqual(['b'])
  })

  test('a clock that is slow prolongs nothing of more than ten seconds, and less by two at most', async () => {
    const slow = virtualClock({ start: Date.now() - 3_600_000 })
    await open().setMany([item('a', 'a', 100)])
    const storage = open({ clock: slow })
    const begun = Date.now()
    while ((await texts(storage, 'a'))[0] !== undefined) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(Date.now() - begun).toBeLessThan(2_500)
  })

  test('what is claimed and given back again lives no longer for it, by the count of the server', async () => {
    const storage = open()
    await storage.setMany([item('a', 'a', 3_600_000)])
    await speak(server.port, 'mg tc:a T100\r\n')
    const leases = storage.capabilities.leases!
    for (const token of ['t1', 't2']) {
      const [answer] = await leases.claimMany([{ key: 'a', token, life: 10_000 }])
      expect(answer?.won).toBe(true)
      await leases.releaseMany([{ key: 'a', token }])
    }
    const left = Number((await speak(server.port, 'mg tc:a t\r\n')).slice(4))
    expect(left).toBeGreaterThan(90)
    expect(left).toBeLessThanOrEqual(100)
  })

  test('an evicted root revives nothing: neither entries, nor leases, nor what was cleared', async () => {
    const storage = open()
    const other = open()
    await storage.setMany([item('old'), item('p:cleared')])
    await storage.clear('p:')
    expect(await claim(storage, 'leased', 'mine')).toBe(true)
    await speak(server.port, 'md tc!root\r\n')
    expect(await texts(other, 'old', 'p:cleared')).toEqual([undefined, undefined])
    expect(await fulfil(storage, 'leased', 'mine')).toBe(false)
    await other.setMany([item('new')])
    expect(await texts(storage, 'old', 'p:cleared', 'new')).toEqual([undefined, undefined, 'new'])
    expect(await storage.deleteMany(['old', 'new'])).toBe(1)
  })

  test('a flush by hand is a clear, and everything goes on', async () => {
    const storage = open()
    await storage.setMany([item('a')])
    await speak(server.port, 'flush_all\r\n')
    expect(await texts(storage, 'a')).toEqual([undefined])
    await storage.setMany([item('a', 'again')])
    expect(await texts(storage, 'a')).toEqual(['again'])
  })

  test.each(['', 'nonsense', '{"generation":1}'])('%j in place of the root is replaced', async (value) => {
    const storage = open()
    await storage.setMany([item('before')])
    await put(server.port, 'tc!root', value)
    expect(await texts(storage, 'before')).toEqual([undefined])
    await storage.setMany([item('after')])
    expect(await texts(open(), 'before', 'after')).toEqual([undefined, 'after'])
  })

  test('what another program wrote under our name is a miss, and is written over', async () => {
    const storage = open()
    const flags = itemFlags
    await storage.setMany([item('whole')])
    const whole = Buffer.from((await take(server.port, 'tc:whole')) ?? '', 'latin1')
    const foreign: readonly (readonly [string, Uint8Array | string, number])[] = [
      ['text', 'hello', 0],
      ['empty', '', flags],
      ['short', 'x', flags],
      ['random', Buffer.alloc(200, 0xff), flags],
      ['truncated', whole.subarray(0, whole.length - 1), flags],
      ['torn', whole.subarray(0, 50), flags],
      ['longer', Buffer.concat([whole, whole]), flags],
      ['flagless', whole, 0],
    ]
    for (const [key, value, flag] of foreign) {
      await put(server.port, `tc:${key}`, value, flag)
      expect(await texts(storage, key), key).toEqual([undefined])
      await storage.expireMany([key])
      expect(await storage.deleteMany([key]), key).toBe(0)
      await put(server.port, `tc:${key}`, value, flag)
      expect(await claim(storage, key, 'mine'), key).toBe(true)
      expect(await fulfil(storage, key, 'mine', 'ours'), key).toBe(true)
      expect(await texts(storage, key), key).toEqual(['ours'])
    }
  })

  test('an item that is found under the digest of another key is a miss', async () => {
    const storage = open()
    const [long, other] = ['x'.repeat(300), 'y'.repeat(300)]
    await storage.setMany([item(long, 'long'), item(other, 'other')])
    const [name, otherName] = [long, other].map((key) => wireKey('tc', key).token) as [string, string]
    const theirs = (await take(server.port, otherName)) ?? ''
    expect(theirs).toContain('yyy')
    await put(server.port, name, Buffer.from(theirs, 'latin1'), itemFlags)
    expect(await texts(storage, long, other)).toEqual([undefined, 'other'])
  })

  test('namespaces do not see each other, nor what other programs have', async () => {
    await put(server.port, 'foreign', 'theirs')
    const [one, two] = [open({ namespace: 'one' }), open({ namespace: 'two' })]
    await one.setMany([item('a', 'of one')])
    await two.setMany([item('a', 'of two')])
    await one.clear('')
    expect(await texts(one, 'a')).toEqual([undefined])
    expect(await texts(two, 'a')).toEqual(['of two'])
    expect(await take(server.port, 'foreign')).toBe('theirs')
  })

  test('values up to the limit of the server are kept, those above it refused, and the others written', async () => {
    const storage = open()
    const kept = { ...item('kept'), payload: Buffer.alloc(8 * 1_048_576 - 2_048, 'k') }
    const tooLarge = { ...item('too large'), payload: Buffer.alloc(8 * 1_048_576, 'x') }
    await storage.setMany([item('too large', 'old')])
    const write = storage.setMany([item('before'), tooLarge, kept, item('behind')])
    await expect(write).rejects.toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
    await expect(write).rejects.toThrow(/value of "too large" is larger than an item may be \(8388608 bytes\)/)
    const [first, large, behind] = await storage.getMany(['before', 'kept', 'behind'])
    expect([first?.payload.length, large?.payload.length, behind?.payload.length]).toEqual([6, kept.payload.length, 6])
    expect(await claim(storage, 'kept', 'mine'), 'there is room for a lease beside it').toBe(true)

    await claim(storage, 'leased', 'mine')
    const leases = storage.capabilities.leases!
    await expect(leases.fulfilMany([{ ...tooLarge, key: 'leased', token: 'mine' }])).rejects.toThrow('larger than')
    expect(await fulfil(storage, 'leased', 'mine', 'shorter')).toBe(true)
  })

  test('a clear counts for writers who have not heard of it', async () => {
    const [here, there] = [open(), open()]
    await there.setMany([item('p:a', 'before')])
    for (let round = 0; round < 20; round++) {
      await here.clear('p:')
      await there.setMany([item('p:a', `after ${round}`), item('q:a')])
      expect(await texts(here, 'p:a')).toEqual([`after ${round}`])
      expect(await texts(there, 'p:a')).toEqual([`after ${round}`])
    }
  })

  test('clears that cross each other all count', async () => {
    const stores = [open(), open(), open()]
    const keys = Array.from({ length: 30 }, (_, index) => `${index}:a`)
    await stores[0]!.setMany([...keys, 'stays'].map((key) => item(key)))
    await Promise.all(keys.map((key, index) => stores[index % 3]!.clear(key.slice(0, -1))))
    for (const storage of stores) {
      expect(await texts(storage, ...keys, 'stays')).toEqual([...keys.map(() => undefined), 'stays'])
    }
  })

  test('too many different prefixes are refused, until one clears them all', async () => {
    const storage = open({ namespace: 'many' })
    const long = 'x'.repeat(10_000)
    await storage.setMany([item('a')])
    const refusals: unknown[] = []
    for (let index = 0; index < 20; index++) {
      await storage.clear(`${index}${long}`).catch((error: unknown) => refusals.push(error))
    }
    const [refusal] = refusals
    expect(refusal).toMatchObject({ code: 'UNSUPPORTED' })
    expect(String(refusal)).toMatch(/can't delete by prefix, and remembers 1\d prefixes/)
    expect(await texts(storage, 'a')).toEqual(['a'])
    await storage.clear('')
    await storage.clear(`1${long}`)
    expect(await texts(storage, 'a')).toEqual([undefined])
  })

  test('its figures are those of the server', async () => {
    const storage = open()
    const before = await storage.capabilities.serverStats!.read()
    await storage.setMany([item('counted')])
    await storage.getMany(['counted', 'missing'])
    const after = await storage.capabilities.serverStats!.read()
    expect(after.missCount).toBeGreaterThan(before.missCount!)
    expect(after.hitCount).toBeGreaterThan(before.hitCount!)
    expect(after.keyCount).toBeGreaterThan(0)
    expect(after.memoryBytes).toBeGreaterThan(0)
    expect(after.evictionCount).toBe(0)
    expect(after.hitRate).toBeCloseTo(after.hitCount! / (after.hitCount! + after.missCount!))
  })

  test('a batch of any length and size goes through, in order', async () => {
    const storage = open({ poolSize: 2 })
    const items = Array.from({ length: 300 }, (_, index) => ({
      ...item(`big:${index}`),
      payload: Buffer.alloc(20_000, `${index};`),
    }))
    await Promise.all([storage.setMany(items), storage.setMany(Array.from({ length: 5_000 }, (_, n) => item(`n${n}`)))])
    const found = await storage.getMany(items.map(({ key }) => key))
    for (const [index, one] of found.entries()) {
      expect(Buffer.compare(one?.payload ?? Buffer.alloc(0), items[index]!.payload), `value ${index}`).toBe(0)
    }
  })
})
