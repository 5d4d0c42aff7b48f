// Writes one key over and over, each time another value of another length, and makes it stale in between.
import { file } from '../../../src/storages/file/file.ts'
import { headerAt } from '../items.ts'
import { say } from './say.ts'

const [directory = '', me = '', rounds = ''] = process.argv.slice(2)
const storage = file({ directory })
await storage.open()
say('ready')
process.stdin.once('data', () => void rewrite())

async function rewrite(): Promise<void> {
  for (let round = 0; round < Number(rounds); round++) {
    const payload = Buffer.alloc(10_000 + 90_000 * (round % 3), `${me} ${round}; `)
    await storage.setMany([{ key: 'a', header: headerAt(Date.now()), payload }])
    if (round % 5 === 0) await storage.expireMany(['a'])
  }
  say('done')
  await storage.close()
  process.stdin.pause()
}
