// One process of a fleet whose memories must stay true to what the others do. It does what it is told, line by line, and
// says what came of it. The truth is a number in a file.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type Clock, createCache, defineScopes, memory, openStorage, type Storage } from '../../../src/doors/index.ts'
import { say } from '../../storages/processes/say.ts'
import type { Command, Item, Place } from '../coherent-fleet.ts'

const [url = '', prefix = '', truth = '', clockOffset = '0'] = process.argv.slice(2)

/** A clock that is wrong by so much: nothing may depend on it. */
const clock: Clock = {
  now: () => performance.timeOrigin + performance.now() + Number(clockOffset),
  after(milliseconds, callback) {
    const timeout = setTimeout(callback, Math.min(milliseconds, 2 ** 31 - 1)).unref()
    return { cancel: () => clearTimeout(timeout) }
  },
}

let takes = 0
async function load(place: Place): Promise<Item> {
  const version = Number(readFileSync(truth, 'utf8'))
  say(JSON.stringify({ loading: place.id, version }))
  await new Promise((resolve) => setTimeout(resolve, takes))
  return { version, team: 'red' }
}

const shared = (await openStorage(url)) as Storage
const cache = createCache({
  prefix,
  clock,
  scopes: defineScopes({ organization: { param: 'orgId' } }),
  storages: { local: memory({ clock }), shared },
  tiers: [
    { storage: 'local', ttl: '10m' },
    { storage: 'shared', ttl: '10m', timeLimit: '500ms' },
  ],
})
const key = ({ id }: Place): string => id
const nodes = {
  item: cache.node({ name: 'item', key, load, scope: 'organization', tags: ({ id }) => [`item:${id}`] }),
  player: cache.node({ name: 'player', key, load, tags: (_params, { team }) => [`team:${team}`] }),
}

await cache.open()
say('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command
  void obey(command).then(
    (answer) => say(JSON.stringify({ to: command.number, answer })),
    (error: unknown) => say(JSON.stringify({ to: command.number, error: String(error) })),
  )
}
await cache.close()

async function obey(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'get':
      takes = command.takes ?? 0
      return (await nodes[command.node].get(command.place)).version
    case 'peek':
      return nodes[command.node].peek(command.place)?.version ?? null
    case 'set':
      return nodes[command.node].set(command.place, command.item)
    case 'invalidateKey':
      return nodes[command.node].invalidate(command.place)
    case 'invalidate':
      return cache.invalidate(command.selector)
    case 'clear':
      return cache.clear()
    case 'state':
      return cache.sync()['shared']?.state
    case 'idle':
      return cache.idle()
  }
}
