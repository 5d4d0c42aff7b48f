import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createCache } from 'tiercel'
import { sqlite } from 'tiercel/sqlite'
import { openDatabase } from '../../src/storages/sql/sqlite/sqlite-driver.ts'
import { storyOf } from './scene.ts'

const damages = [
  "payload = x''",
  "payload = x'ff00'",
  "payload = 'a text where bytes should be'",
  'payload = 42',
  'payload = NULL',
  "header = x''",
  'header = zeroblob(32)',
  "header = 'text'",
  'header = 7.5',
  'header = zeroblob(100000)',
]

test.each(damages)('a row with %s is a miss and an event, and is written anew', async (damage) => {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-features-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'cache.db')
  const open = () => {
    const cache = createCache({ storages: { disk: sqlite({ path }) } })
    return { cache, node: cache.node({ name: 'n', key: (id: string) => id, load: (id) => ({ id }) }) }
  }
  const before = open()
  await before.node.get('a')
  await before.node.get('b')
  await before.cache.close()
  const client = await openDatabase(path)
  client.exec(`UPDATE tiercel SET ${damage} WHERE key = CAST('tiercel:n:a' AS BLOB)`)
  client.close()

  const { cache, node } = open()
  const story = storyOf(cache)
  expect(await node.getMany(['a', 'b'])).toEqual([{ id: 'a' }, { id: 'b' }])
  await cache.idle()
  expect(await node.get('a')).toEqual({ id: 'a' })
  await cache.close()
  expect(story.sort()).toEqual(
    ['a: unreadable in disk', 'a: miss', 'a: load', 'a: write', 'b: hit disk', 'a: hit disk'].sort(),
  )
})
