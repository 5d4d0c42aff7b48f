// Writes, claims, deletes and reads as fast as it can, and fails if anything does.
import { sqlite } from '../../../src/storages/sql/sqlite/sqlite.ts'
import { claim, fulfil, item } from '../items.ts'
import { say } from './say.ts'

const [path = '', me = '', rounds = ''] = process.argv.slice(2)
const storage = sqlite({ path })
await storage.open()
say('ready')
process.stdin.once('data', () => void work())

async function work(): Promise<void> {
  for (let round = 0; round < Number(rounds); round++) {
    const keys = Array.from({ length: 100 }, (_, index) => `shared:${index}`)
    await Promise.all([
      storage.setMany(keys.map((key) => item(key, `${me} ${round}`))),
      storage.setMany([item(`${me}:${round}`)]),
      storage.getMany(keys),
      storage.deleteMany(keys.slice(0, 10)),
      storage.expireMany(keys.slice(10, 20)),
      claim(storage, `${me}:lease:${round}`, 'mine').then(() => fulfil(storage, `${me}:lease:${round}`, 'mine')),
    ])
  }
  say('done')
  await storage.close()
  process.stdin.pause()
}
