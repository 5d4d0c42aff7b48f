import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { file } from 'tiercel/file'
import { sqlite } from 'tiercel/sqlite'
import type { Storage } from '../../src/contracts/storage.ts'
import { temporaryFolder } from './folder.ts'
import { item, texts } from './items.ts'

const folder = temporaryFolder()
afterEach(() => void vi.useRealTimers())
afterAll(() => folder.remove())

test.each<[string, () => Storage]>([
  ['sqlite()', () => sqlite({ path: join(folder.path, 'cache.db') })],
  ['file()', () => file({ directory: join(folder.path, 'cache') })],
])('DEFECTS 28: what %s keeps lives by the wall clock, so the next start of a program agrees', async (_name, open) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2031, 0, 1) })
  const first = open()
  await first.setMany([item('a', 'a', 60_000), item('b', 'b', 120_000)])
  expect(await first.capabilities.time?.now()).toBe(Date.UTC(2031, 0, 1))
  await first.close()

  vi.setSystemTime(Date.UTC(2031, 0, 1) + 60_000)
  const next = open()
  expect(await texts(next, 'a', 'b')).toEqual([undefined, 'b'])
  await next.close()
})
