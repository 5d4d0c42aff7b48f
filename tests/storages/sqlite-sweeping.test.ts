import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqlite, type SqliteClient } from 'tiercel/sqlite'
import { virtualClock, type VirtualClock } from 'tiercel/testing'
import type { Storage } from '../../src/contracts/storage.ts'
import { openDatabase } from '../../src/storages/sql/sqlite/sqlite-driver.ts'
import { claim, fulfil, headerAt, item, texts } from './items.ts'

let client: SqliteClient
let clock: VirtualClock
let storage: Storage

beforeEach(async () => {
  client = await openDatabase(':memory:')
  clock = virtualClock()
  storage = sqlite({ client, clock, sweepEvery: '1m' })
  await storage.open()
})
afterEach(async () => {
  await storage.close()
  client.close()
})

const rowCount = (): number => (client.prepare('SELECT count(*) AS n FROM tiercel').get() as { n: number }).n

test('DEFECTS 30: expired rows go without being read, though nothing else is written', async () => {
  await storage.setMany(Array.from({ length: 1_000 }, (_, index) => item(`dying:${index}`, 'x', 1_000)))
  await storage.setMany([item('for ever')])
  await clock.advance(59_000)
  expect(rowCount()).toBe(1_001)
  await clock.advance(1_000)
  await settled(() => rowCount() === 1)
  expect(await texts(storage, 'for ever')).toEqual(['for ever'])
})

test('DEFECTS 30: a table whose rows keep dying stays small, without any pause for sweeping', async () => {
  const mostRows = { seen: 0 }
  for (let round = 0; round < 40; round++) {
    await storage.setMany(Array.from({ length: 50 }, (_, index) => item(`${round}:${index}`, 'x', 100)))
    mostRows.seen = Math.max(mostRows.seen, rowCount())
    clock.tick(100)
  }
  expect(mostRows.seen).toBeLessThanOrEqual(100)
})

test('DEFECTS 30: leases that ran out go too, and living ones stay', async () => {
  const leases = storage.capabilities.leases!
  await leases.claimMany(Array.from({ length: 100 }, (_, index) => ({ key: `dead:${index}`, token: 't', life: 1_000 })))
  await claim(storage, 'alive', 'mine')
  await clock.advance(60_000)
  await settled(() => rowCount() === 1)
  expect(await fulfil(storage, 'alive', 'mine')).toBe(true)
})

test('an expired entry is not swept from under the holder of its lease', async () => {
  await storage.setMany([item('a', 'old', 1_000)])
  await claim(storage, 'a', 'mine')
  await clock.advance(60_000)
  await storage.setMany([item('b'), item('c')])
  expect(await fulfil(storage, 'a', 'mine', 'new')).toBe(true)
  expect(await texts(storage, 'a')).toEqual(['new'])
})

test('an entry made stale is kept no longer than its stale window', async () => {
  await storage.setMany([{ ...item('a'), header: headerAt(clock.now()), ttl: 120_000 }])
  await storage.expireMany(['a'])
  clock.tick(59_999)
  expect(await texts(storage, 'a')).toEqual(['a'])
  clock.tick(1)
  expect(await texts(storage, 'a')).toEqual([undefined])
})

test('an entry that can not be made stale, because its header is not ours, is deleted', async () => {
  await storage.setMany([{ ...item('a'), header: Buffer.from('from the future') }])
  await storage.expireMany(['a'])
  expect(await texts(storage, 'a')).toEqual([undefined])
})

test('sweeping ends with the storage', async () => {
  expect(clock.timerCount).toBe(1)
  await storage.close()
  expect(clock.timerCount).toBe(0)
})

test('sweeping can be turned off', async () => {
  const quiet = sqlite({ client, clock, sweepEvery: Infinity, table: 'quiet' })
  await quiet.open()
  expect(clock.timerCount).toBe(1)
  await quiet.close()
})

/** Sweeping is background work: its transactions take some turns of the event loop. */
async function settled(isDone: () => boolean): Promise<void> {
  for (let turns = 0; turns < 1_000 && !isDone(); turns++) await new Promise((resolve) => setImmediate(resolve))
  expect(isDone()).toBe(true)
}
