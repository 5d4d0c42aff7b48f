import { randomUUID } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { mongodb } from 'tiercel/mongodb'
import { storageConformance } from 'tiercel/testing'
import { isServerHere, useServer } from '../servers/servers.ts'

const cannot = {
  clock: 'nobody turns a server’s clock',
  feed: 'change streams need a replica set',
}

// Ten thousand documents take seconds, where others are busy too.
const runner = { describe, test: (title: string, body: () => Promise<void>) => test(title, body, 60_000) }

describe.skipIf(!(await isServerHere('mongodb')))('on a server', () => {
  const server = useServer('mongodb')
  let client: MongoClient
  beforeAll(() => {
    client = new MongoClient(server.url)
  })
  afterAll(() => client.close())

  const drop = (collection: string): Promise<void> =>
    client
      .db('tiercel_tests')
      .dropCollection(collection)
      .then(() => undefined)

  storageConformance(
    {
      name: 'mongodb() with a URL',
      open() {
        const collection = `c_${randomUUID()}`
        const open = () => mongodb({ url: server.url, database: 'tiercel_tests', collection })
        return Promise.resolve({
          storage: open(),
          another: () => Promise.resolve(open()),
          remove: () => drop(collection).catch(() => undefined),
        })
      },
      cannot,
    },
    runner,
  )

  storageConformance(
    {
      name: 'mongodb() with a client',
      open() {
        const collection = `c_${randomUUID()}`
        const open = () => mongodb({ client, database: 'tiercel_tests', collection })
        return Promise.resolve({
          storage: open(),
          another: () => Promise.resolve(open()),
          remove: () => drop(collection).catch(() => undefined),
        })
      },
      cannot,
    },
    runner,
  )
})
