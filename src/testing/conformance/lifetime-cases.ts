import assert from 'node:assert/strict'
import { readHeader, writeHeader } from '../../serializers/envelope.ts'
import { item, listed, texts, type StorageCase } from './storage-case.ts'

/** How long entries live: as long as asked and no longer, whoever looks. */
export const lifetimeCases: readonly StorageCase[] = [
  {
    title: 'keeps an entry for its ttl, to the millisecond',
    needs: ['clock'],
    async run({ storage, advance }) {
      await storage.setMany([item('short', 'short', { ttl: 10 }), item('long', 'long', { ttl: 3_600_000 })])
      await advance(9)
      assert.deepEqual(await texts(storage, ['short', 'long']), ['short', 'long'])
      await advance(1)
      assert.deepEqual(await texts(storage, ['short', 'long']), [undefined, 'long'])
      await advance(3_599_989)
      assert.deepEqual(await texts(storage, ['long']), ['long'])
      await advance(1)
      assert.deepEqual(await texts(storage, ['long']), [undefined])
    },
  },
  {
    title: 'DEFECTS 28: takes a ttl of a millisecond, and of a century, as they are',
    async run({ storage, advance }) {
      await storage.setMany([item('instant', 'instant', { ttl: 1 }), item('century', 'century', { ttl: 3.15e12 })])
      await advance(1)
      assert.deepEqual(await texts(storage, ['instant', 'century']), [undefined, 'century'])
    },
  },
  {
    title: 'keeps an entry without a ttl, or with one of Infinity, for ever',
    async run({ storage, advance }) {
      await storage.setMany([item('a'), item('b', 'b', { ttl: Infinity })])
      await advance(100)
      assert.deepEqual(await texts(storage, ['a', 'b']), ['a', 'b'])
    },
  },
  {
    title: 'DEFECTS 28: an overwrite brings its own lifetime; the old one kills nothing',
    async run({ storage, advance }) {
      const keys = ['longer', 'for ever', 'shorter']
      await storage.setMany([
        item('longer', 'old', { ttl: 20 }),
        item('for ever', 'old', { ttl: 20 }),
        item('shorter', 'old'),
      ])
      await storage.setMany([
        item('longer', 'new', { ttl: 60_000 }),
        item('for ever', 'new'),
        item('shorter', 'new', { ttl: 20 }),
      ])
      await advance(20)
      assert.deepEqual(await texts(storage, keys), ['new', 'new', undefined])
    },
  },
  {
    title: 'counts an expired entry as absent, removed or not',
    async run({ storage, advance }) {
      await storage.setMany([item('a', 'a', { ttl: 5 })])
      await advance(5)
      assert.deepEqual(await storage.getMany(['a']), [undefined])
      assert.equal(await storage.deleteMany(['a']), 0)
    },
  },
  {
    title: 'does not list an expired entry',
    needs: ['scan'],
    async run({ storage, scan, advance }) {
      await storage.setMany([item('a', 'a', { ttl: 5 }), item('b')])
      await advance(5)
      assert.deepEqual(await listed(scan, ''), ['b'])
    },
  },
  {
    title: 'makes entries stale at once: the payload stays, the stale window begins',
    async run({ storage, now }) {
      const createdAt = await now()
      const header = writeHeader({
        serializer: 7,
        createdAt,
        staleAt: createdAt + 60_000,
        expiredAt: createdAt + 90_000,
      })
      await storage.setMany([item('a', 'a', { header, ttl: 90_000 }), item('b', 'b', { header, ttl: 90_000 })])
      const before = await now()
      await storage.expireMany(['a'])
      const after = await now()

      const [a, b] = await storage.getMany(['a', 'b'])
      assert.ok(a !== undefined && b !== undefined)
      const envelope = readHeader(a.header)
      assert.ok(Math.floor(before) <= envelope.staleAt && envelope.staleAt <= after, 'stale at the moment it was asked')
      assert.equal(envelope.expiredAt - envelope.staleAt, 30_000)
      assert.equal(envelope.createdAt, Math.floor(createdAt))
      assert.equal(Buffer.compare(a.payload, item('a').payload), 0)
      assert.equal(Buffer.compare(b.header, header), 0, 'the one beside it stays as it was')
    },
  },
  {
    title: 'leaves alone what is stale already',
    async run({ storage, now }) {
      const at = await now()
      const header = writeHeader({ serializer: 7, createdAt: at - 9, staleAt: at - 5, expiredAt: at + 60_000 })
      await storage.setMany([item('a', 'a', { header })])
      await storage.expireMany(['a'])
      const [a] = await storage.getMany(['a'])
      assert.ok(a !== undefined)
      assert.equal(Buffer.compare(a.header, header), 0)
    },
  },
  {
    title: 'never revives or prolongs an entry by making it stale',
    async run({ storage, advance, now }) {
      const createdAt = await now()
      const header = writeHeader({
        serializer: 7,
        createdAt,
        staleAt: createdAt + 60_000,
        expiredAt: createdAt + 90_000,
      })
      await storage.setMany([item('dead', 'dead', { header, ttl: 5 }), item('alive', 'alive', { header, ttl: 50 })])
      await advance(5)
      await storage.expireMany(['dead', 'alive', 'nothing'])
      assert.deepEqual(await texts(storage, ['dead', 'nothing']), [undefined, undefined])
      await advance(50)
      assert.deepEqual(await texts(storage, ['alive']), [undefined])
    },
  },
]
