import assert from 'node:assert/strict'
import { awkwardKeys } from './awkward-keys.ts'
import { assertSame, bytes, item, texts, type StorageCase } from './storage-case.ts'

/** What is put in comes out: the same bytes, under the same keys, in the order asked. */
export const entryCases: readonly StorageCase[] = [
  {
    title: 'answers in the order asked, with duplicates, and undefined where nothing is',
    async run({ storage }) {
      await storage.setMany([item('a'), item('b'), item('c')])
      assert.deepEqual(await texts(storage, ['c', 'x', 'a', 'a', 'y', 'c', 'b']), [
        'c',
        undefined,
        'a',
        'a',
        undefined,
        'c',
        'b',
      ])
    },
  },
  {
    title: 'does nothing for empty lists',
    async run({ storage }) {
      await storage.setMany([])
      await storage.expireMany([])
      assert.deepEqual(await storage.getMany([]), [])
      assert.equal(await storage.deleteMany([]), 0)
    },
  },
  {
    title: 'keeps the later of two writes, within a call and from call to call',
    async run({ storage }) {
      await storage.setMany([item('a', 'first'), item('a', 'second')])
      assert.deepEqual(await texts(storage, ['a']), ['second'])
      await storage.setMany([item('a', 'third')])
      assert.deepEqual(await texts(storage, ['a']), ['third'])
    },
  },
  {
    title: 'keeps header and payload bit for bit: every byte, none at all, a megabyte',
    async run({ storage }) {
      const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)
      const megabyte = Uint8Array.from({ length: 1 << 20 }, (_, index) => (index * 31) >> 3)
      const payloads = [everyByte, new Uint8Array(0), megabyte, bytes('nul\0inside'), Uint8Array.of(0), bytes('0')]
      // As the wire format has it, with every byte somewhere.
      const headers = payloads.map((_, place) => Uint8Array.from({ length: 32 }, (_, index) => place * 43 + index * 8))
      const items = payloads.map((payload, index) => ({
        key: `k${index}`,
        header: headers[index] ?? everyByte,
        payload,
      }))
      await storage.setMany(items)
      const found = await storage.getMany(items.map(({ key }) => key))
      for (const [index, { header, payload }] of items.entries()) {
        const stored = found[index]
        assert.ok(stored !== undefined, `value ${index} is missing`)
        assert.equal(Buffer.compare(stored.header, header), 0, `header ${index} has changed`)
        assert.equal(Buffer.compare(stored.payload, payload), 0, `payload ${index} has changed`)
      }
    },
  },
  {
    title: 'hands out bytes of its own: changing them changes nothing that is stored',
    async run({ storage }) {
      await storage.setMany([item('a', 'before')])
      const [first] = await storage.getMany(['a'])
      first?.payload.fill(0)
      first?.header.fill(0)
      const [second] = await storage.getMany(['a'])
      assert.equal(Buffer.compare(second?.payload ?? bytes(''), bytes('before')), 0)
      assert.equal(Buffer.compare(second?.header ?? bytes(''), item('').header), 0)
    },
  },
  {
    title: 'takes ten thousand keys in one call',
    async run({ storage }) {
      const keys = Array.from({ length: 10_000 }, (_, index) => `many:${index}`)
      await storage.setMany(keys.map((key) => item(key)))
      const asked = [...keys, 'none'].reverse()
      assertSame(await texts(storage, asked), [undefined, ...keys.toReversed()])
      assert.equal(await storage.deleteMany(asked), keys.length)
    },
  },
  {
    title: 'DEFECTS 24: tells every kind of key apart, long ones too',
    async run({ storage }) {
      const keys = awkwardKeys(storage.maxKeyBytes)
      await storage.setMany(keys.map((key, index) => item(key, `value ${index}`)))
      assertSame(
        await texts(storage, keys),
        keys.map((_, index) => `value ${index}`),
      )
      for (const key of keys) {
        assert.equal(await storage.deleteMany([key]), 1, `deleting ${JSON.stringify(key.slice(0, 40))}`)
      }
      assert.deepEqual(
        await texts(storage, keys),
        keys.map(() => undefined),
      )
    },
  },
  {
    title: 'serves many calls at once, each with its own answer',
    async run({ storage }) {
      const calls = Array.from({ length: 200 }, async (_, index) => {
        await storage.setMany([item(`at-once:${index}`)])
        return texts(storage, [`at-once:${index}`])
      })
      assert.deepEqual(
        await Promise.all(calls),
        calls.map((_, index) => [`at-once:${index}`]),
      )
    },
  },
]
