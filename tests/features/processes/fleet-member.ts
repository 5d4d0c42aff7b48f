// One process of a fleet that shares a storage: many callers want one cold key, and somebody has to load it.
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createCache, memory, openStorage, type Storage } from '../../../src/doors/index.ts'
import { say } from '../../storages/processes/say.ts'

const [url = '', log = '', question = '', takes = '', wait = '0'] = process.argv.slice(2)
const told = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

const shared = (await openStorage(url)) as Storage
const cache = createCache({ storages: { local: memory(), shared } })
const node = cache.node<{ readonly question: string }, string>({
  name: 'answer',
  load: async () => {
    appendFileSync(log, `${process.pid}\n`)
    say('loading')
    if (takes === 'until told') await told.next()
    else await new Promise((resolve) => setTimeout(resolve, Number(takes)))
    return `loaded by ${process.pid}`
  },
  lease: { ttl: 600, wait: Number(wait), retryEvery: 20 },
})

await cache.open()
say('ready')
const { value: callers = '' } = (await told.next()) as { value?: string }
const answers = await Promise.all(Array.from({ length: Number(callers) }, () => node.get({ question })))
await cache.idle()
const { requestCount, loadCount, unleasedLoadCount, refusedWriteCount } = node.stats()
say(JSON.stringify({ answers: [...new Set(answers)], requestCount, loadCount, unleasedLoadCount, refusedWriteCount }))
await cache.close()
process.stdin.destroy()
