import { expect, test } from 'vitest'
import { nullStorage } from '../../src/storages/null.ts'
import { item } from './items.ts'

test('a null storage keeps nothing, and says so in the order asked', async () => {
  const storage = nullStorage()
  await storage.open()
  await storage.setMany([item('a')])
  expect(await storage.getMany(['a', 'b'])).toEqual([undefined, undefined])
  await storage.expireMany(['a'])
  expect(await storage.deleteMany(['a'])).toBe(0)
  await storage.clear('')
  expect(storage.capabilities).toEqual({})
})

test('a null storage that was closed stays closed', async () => {
  const storage = nullStorage()
  await storage.close()
  await storage.close()
  await expect(storage.getMany(['a'])).rejects.toMatchObject({ code: 'CLOSED' })
})
