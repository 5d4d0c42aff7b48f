// Claims a lease, says so, and does nothing more until it is killed.
import { openAt } from './open-at.ts'
import { say } from './say.ts'

const [path = '', life = ''] = process.argv.slice(2)
const storage = openAt(path)
const [answer] = await storage.capabilities.leases!.claimMany([{ key: 'a', token: 'theirs', life: Number(life) }])
say(`${answer?.won} ${answer?.now}`)
setInterval(() => undefined, 1_000)
