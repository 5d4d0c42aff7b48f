import { describe, expect, test } from 'vitest'
import { faultyStorage, simpleStorage, storageConformance, virtualClock } from 'tiercel/testing'
import { claim, fulfil, item, texts } from '../storages/items.ts'

storageConformance(
  {
    name: 'faultyStorage() without a fault',
    open() {
      const clock = virtualClock()
      const storage = simpleStorage({ clock, feed: true })
      return Promise.resolve({
        storage: faultyStorage(storage, { clock }),
        another: () => Promise.resolve(faultyStorage(storage.another(), { clock })),
        advance: (milliseconds) => clock.advance(milliseconds),
      })
    },
  },
  { describe, test },
)

test('it tells what reached it, one entry a round trip', async () => {
  const storage = faultyStorage(simpleStorage())
  await storage.setMany([item('a'), item('b')])
  await claim(storage, 'c', 'mine')
  await storage.clear('a')
  for await (const _ of storage.capabilities.scan!.keys('b')) break
  expect(storage.calls).toEqual([
    { operation: 'setMany', keys: ['a', 'b'] },
    { operation: 'claimMany', keys: ['c'] },
    { operation: 'clear', keys: ['a'] },
    { operation: 'scan', keys: ['b'] },
  ])
})

test('it fails as often as it is told, and nothing is done', async () => {
  const storage = faultyStorage(simpleStorage())
  storage.fail('setMany', { times: 2 })
  await expect(storage.setMany([item('a')])).rejects.toThrow('setMany was told to fail')
  await expect(storage.setMany([item('a')])).rejects.toThrow()
  expect(await texts(storage, 'a')).toEqual([undefined])
  await storage.setMany([item('a')])
  expect(await texts(storage, 'a')).toEqual(['a'])
})

test('it fails with the error it is given, until it is healed', async () => {
  const storage = faultyStorage(simpleStorage())
  const error = new Error('connection reset')
  storage.fail('getMany', { error })
  storage.fail('deleteMany', { error })
  await expect(storage.getMany(['a'])).rejects.toBe(error)
  storage.heal('getMany')
  expect(await storage.getMany(['a'])).toEqual([undefined])
  await expect(storage.deleteMany(['a'])).rejects.toBe(error)
  storage.heal()
  expect(await storage.deleteMany(['a'])).toBe(0)
})

test('it loses the answer to what it has done', async () => {
  const storage = faultyStorage(simpleStorage())
  storage.fail('setMany', { afterwards: true, times: 1 })
  await expect(storage.setMany([item('a')])).rejects.toThrow()
  expect(await texts(storage, 'a')).toEqual(['a'])
})

test('it hangs until it is healed, and then does late what was asked', async () => {
  const storage = faultyStorage(simpleStorage())
  storage.hang('setMany', { times: 1 })
  const late = storage.setMany([item('a', 'late')])
  await storage.setMany([item('a', 'in time')])
  expect(await texts(storage, 'a')).toEqual(['in time'])
  storage.heal('getMany')
  expect(await texts(storage, 'a')).toEqual(['in time'])
  storage.heal('setMany')
  await late
  expect(await texts(storage, 'a')).toEqual(['late'])
})

test('it is slow by the clock', async () => {
  const clock = virtualClock()
  const storage = faultyStorage(simpleStorage({ clock, feed: true }), { clock })
  storage.slow('getMany', 100)
  const story: string[] = []
  const read = storage.getMany(['a']).then(() => story.push('answered'))
  await clock.advance(99)
  expect(story).toEqual([])
  await clock.advance(1)
  await read
  expect(story).toEqual(['answered'])
})

test('it drops what it says it has done', async () => {
  const storage = faultyStorage(simpleStorage())
  await claim(storage, 'a', 'mine')
  storage.drop('fulfilMany', [true], { times: 1 })
  expect(await fulfil(storage, 'a', 'mine')).toBe(true)
  expect(await texts(storage, 'a')).toEqual([undefined])
})

test('it garbles answers, pages of a scan too', async () => {
  const storage = faultyStorage(simpleStorage())
  await storage.setMany([item('a')])
  storage.garble('getMany', (found: unknown[]) => [...found, 'more than was asked for'], { times: 1 })
  storage.fail('scan')
  expect(await storage.getMany(['b'])).toEqual([undefined, 'more than was asked for'])
  await expect(storage.capabilities.scan!.keys('')[Symbol.asyncIterator]().next()).rejects.toThrow()
})

test('it has the capabilities of what it wraps, and no others', () => {
  const { capabilities: _, ...plain } = simpleStorage()
  const storage = faultyStorage({ ...plain, capabilities: {}, maxKeyBytes: 250 })
  expect(storage.capabilities).toEqual({})
  expect(storage.maxKeyBytes).toBe(250)
})
