// Writes, reads, follows changes, closes nothing, and comes to its end.
import { redis, type RedisDriver } from 'tiercel/redis'
import { item, texts } from '../items.ts'
import { say } from './say.ts'

const [url = '', driver = ''] = process.argv.slice(2)
const storage = redis({ url, driver: driver as RedisDriver })
await storage.setMany([item('shop:ending')])
say((await texts(storage, 'shop:ending')).join())
await new Promise<void>((resolve) => {
  const alive = setInterval(() => {}, 1_000)
  storage.capabilities.feed?.follow('shop:', {
    unbroken() {
      clearInterval(alive)
      resolve()
    },
    changed: () => {},
    changedAll: () => {},
    broken: () => {},
  })
})
say('followed')
