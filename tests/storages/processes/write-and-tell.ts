// Writes without end, of every kind, and tells of each write when its promise has resolved.
import { sqlite } from '../../../src/storages/sql/sqlite/sqlite.ts'
import { claim, fulfil, item } from '../items.ts'
import { say } from './say.ts'

const [path = '', round = ''] = process.argv.slice(2)
const storage = sqlite({ path })
await storage.open()
say('ready')

async function write(writer: number): Promise<void> {
  for (let number = 0; ; number++) {
    const key = `${round}:${writer}:${number}`
    // Some of them larger than a page, so that a torn write would show.
    const text = `${key} `.repeat(1 + (number % 7) * 200)
    if (number % 3 === 0) {
      await storage.setMany([item(key, text), item(`${key}:beside`, text)])
      say(`set ${key}`)
    } else if (number % 3 === 1) {
      await claim(storage, key, 'mine')
      if (await fulfil(storage, key, 'mine', text)) say(`set ${key}`)
    } else {
      await storage.deleteMany([`${round}:${writer}:${number - 2}:beside`])
      say(`deleted ${round}:${writer}:${number - 2}:beside`)
    }
  }
}

await Promise.all(Array.from({ length: 20 }, (_, writer) => write(writer)))
