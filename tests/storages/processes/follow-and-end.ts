// Writes, reads, and follows a feed where there is one; then it has nothing more to do, and closes nothing.
import { texts, item } from '../items.ts'
import { openAt } from './open-at.ts'
import { say } from './say.ts'

const [where = ''] = process.argv.slice(2)
const storage = openAt(where)
await storage.setMany([item('a')])
const { feed } = storage.capabilities
if (feed !== undefined) {
  await new Promise<void>((resolve) => {
    // What follows keeps no process alive, so something else has to until it has begun.
    const timer = setTimeout(() => undefined, 10_000)
    const unbroken = (): void => {
      clearTimeout(timer)
      resolve()
    }
    feed.follow('', { unbroken, changed() {}, changedAll() {}, broken() {} })
  })
}
say((await texts(storage, 'a')).join())
