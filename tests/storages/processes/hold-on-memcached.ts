// Claims a lease, says so, and does nothing more until it is killed.
import { memcached } from '../../../src/storages/memcached/memcached.ts'
import { say } from './say.ts'

const [servers = '', life = ''] = process.argv.slice(2)
const storage = memcached({ servers })
const [answer] = await storage.capabilities.leases!.claimMany([{ key: 'held', token: 'theirs', life: Number(life) }])
say(`${answer?.won} ${answer?.now}`)
setInterval(() => undefined, 1_000)
