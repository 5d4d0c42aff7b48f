// Writes, closes nothing, and comes to its end.
import { memcached } from '../../../src/storages/memcached/memcached.ts'
import { item } from '../items.ts'

const [servers = ''] = process.argv.slice(2)
const storage = memcached({ servers, poolSize: 3 })
await storage.open()
void storage.setMany([item('written')])
