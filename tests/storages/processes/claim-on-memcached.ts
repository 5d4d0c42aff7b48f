// Fifty callers of one process want the lease of one key, again and again; whoever has it reads, adds one, and writes.
import { memcached } from '../../../src/storages/memcached/memcached.ts'
import { crowd } from './crowd.ts'

const [servers = '', me = '', rounds = ''] = process.argv.slice(2)
await crowd(memcached({ servers: servers.split(',') }), me, Number(rounds))
