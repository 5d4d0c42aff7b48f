import { describe, test } from 'vitest'
import { memcached } from 'tiercel/memcached'
import { storageConformance, virtualClock, type StorageSubject } from 'tiercel/testing'
import { isServerHere, useServer } from '../servers/servers.ts'

const isHere = await isServerHere('memcached')
const canHaveOwn = await isServerHere('memcached', { own: true })

const cannot: StorageSubject['cannot'] = {
  scan: 'memcached has no listing that would be complete',
  feed: 'memcached tells nobody of changes',
}

describe.skipIf(!isHere)('on one server', () => {
  const server = useServer('memcached')

  storageConformance(
    {
      name: 'memcached()',
      open() {
        const namespace = freshNamespace()
        const clock = virtualClock({ start: Date.now() })
        const open = () => memcached({ servers: server.url, namespace, clock })
        return Promise.resolve({
          storage: open(),
          another: () => Promise.resolve(open()),
          advance: (milliseconds) => clock.advance(milliseconds),
        })
      },
      cannot,
    },
    { describe, test: (title, body) => test(title, body, 30_000) },
  )

  storageConformance(
    {
      name: 'memcached() with three connections, on the wall clock',
      open() {
        const namespace = freshNamespace()
        const open = () => memcached({ servers: server.url, namespace, poolSize: 3 })
        return Promise.resolve({ storage: open(), another: () => Promise.resolve(open()) })
      },
      cannot: { ...cannot, clock: 'nobody turns the wall clock' },
    },
    { describe, test: (title, body) => test(title, body, 30_000) },
  )
})

describe.skipIf(!canHaveOwn)('on three servers', () => {
  const servers = [
    useServer('memcached', { own: true }),
    useServer('memcached', { own: true }),
    useServer('memcached', { own: true }),
  ]

  storageConformance(
    {
      name: 'memcached()',
      open() {
        const namespace = freshNamespace()
        const urls = servers.map(({ url }) => url)
        return Promise.resolve({
          storage: memcached({ servers: urls, namespace }),
          another: () => Promise.resolve(memcached({ servers: urls.toReversed(), namespace })),
        })
      },
      cannot: { ...cannot, clock: 'nobody turns the wall clock' },
    },
    { describe, test: (title, body) => test(title, body, 30_000) },
  )
})

let count = 0
function freshNamespace(): string {
  count++
  return `test-${process.pid}-${count}`
}
