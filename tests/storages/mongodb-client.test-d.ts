import { MongoClient } from 'mongodb'
import { expectTypeOf, test } from 'vitest'
import { mongodb, type MongodbClient } from 'tiercel/mongodb'

test('the client of the driver can be handed in as it is', () => {
  expectTypeOf<MongoClient>().toExtend<MongodbClient>()
  mongodb({ client: new MongoClient('mongodb://localhost') })
})

test('a URL or a client, one of them', () => {
  mongodb({ url: 'mongodb://localhost', poolSize: 3, limits: { command: '2s' } })
  // @ts-expect-error neither
  mongodb({ database: 'shop' })
  // @ts-expect-error both
  mongodb({ url: 'mongodb://localhost', client: new MongoClient('mongodb://localhost') })
  // @ts-expect-error a client has a pool of its own
  mongodb({ client: new MongoClient('mongodb://localhost'), poolSize: 3 })
})
