import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { channelBus, withBus } from 'tiercel'
import { sqlite } from 'tiercel/sqlite'
import { temporaryFolder } from '../storages/folder.ts'
import { item } from '../storages/items.ts'
import { followed } from '../storages/redis/follower.ts'

const script = new URL('../storages/processes/change-in-thread.ts', import.meta.url).href

test('what is changed in another thread is told here', async () => {
  const folder = temporaryFolder()
  const path = join(folder.path, 'cache.db')
  const channel = randomUUID()
  const storage = withBus(sqlite({ path }), channelBus(channel))
  await storage.setMany([item('shop:a')])
  const follower = await followed(storage)
  follower.forget()
  // A thread doesn't take over how this one reads TypeScript.
  const program = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(script)}) })`
  const thread = new Worker(program, { eval: true, workerData: { path, channel } })
  const failed = new Promise((_, reject) => void thread.on('error', reject))
  await Promise.race([follower.heard('shop:a', { within: 20_000 }), failed])
  await storage.close()
  await thread.terminate()
  await folder.remove()
}, 30_000)

test.each(['', 7])('a channel named %j is refused', (name) => {
  expect(() => channelBus(name as string)).toThrow('channelBus: name: expected the name of a channel')
})
