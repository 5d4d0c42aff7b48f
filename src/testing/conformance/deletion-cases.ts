import assert from 'node:assert/strict'
import { awkwardKeys } from './awkward-keys.ts'
import { assertSame, item, listed, texts, type StorageCase } from './storage-case.ts'

/** Deleting and listing: exactly what was named. */
export const deletionCases: readonly StorageCase[] = [
  {
    title: 'DEFECTS 17: deletes what is there and counts it; what is not there is no error',
    async run({ storage }) {
      await storage.setMany([item('a'), item('b'), item('c')])
      assert.equal(await storage.deleteMany(['a', 'x', 'b', 'a']), 2)
      assert.equal(await storage.deleteMany(['a', 'x', 'b']), 0)
      assert.deepEqual(await texts(storage, ['a', 'b', 'c']), [undefined, undefined, 'c'])
    },
  },
  {
    title: 'DEFECTS 16: clears a prefix, and nothing outside it',
    async run({ storage }) {
      const inside = ['shop:', 'shop:a', 'shop:b:c', 'shop:\u{10ffff}', 'shop:\0', 'shop:%']
      const outside = [
        'shop',
        'shop;',
        'shopping:a',
        'Shop:a',
        'SHOP:a',
        'sho',
        'other:shop:a',
        ' shop:a',
        '\u{10ffff}',
      ]
      await storage.setMany([...inside, ...outside].map((key) => item(key)))
      await storage.clear('shop:')
      assert.deepEqual(
        await texts(storage, inside),
        inside.map(() => undefined),
      )
      assert.deepEqual(await texts(storage, outside), outside)
    },
  },
  ...['%', '_', '*', '?', '[a-z]', '\\', "'", '.', '^', '$', '\0', 'ä', '😀'].map((wild): StorageCase => ({
    title: `DEFECTS 16: takes a prefix with ${JSON.stringify(wild)} literally`,
    async run({ storage }) {
      const inside = [`p${wild}`, `p${wild}1`, `p${wild}${wild}`]
      const outside = ['p', 'p1', 'pa', 'pX1', 'p-', 'Pa', `q${wild}1`, `${wild}p1`]
      await storage.setMany([...inside, ...outside].map((key) => item(key)))
      await storage.clear(`p${wild}`)
      assert.deepEqual(await texts(storage, [...inside, ...outside]), [...inside.map(() => undefined), ...outside])
    },
  })),
  {
    title: 'clears everything with an empty prefix, however much there is',
    async run({ storage }) {
      const keys = [...awkwardKeys(storage.maxKeyBytes), ...Array.from({ length: 1_500 }, (_, index) => `n${index}`)]
      await storage.setMany(keys.map((key) => item(key)))
      await storage.clear('')
      assertSame(
        await texts(storage, keys),
        keys.map(() => undefined),
      )
    },
  },
  {
    title: 'clears what is not there without an error',
    async run({ storage }) {
      await storage.clear('nothing:')
    },
  },
  {
    title: 'lists exactly the keys under a prefix, of every kind',
    needs: ['scan'],
    async run({ storage, scan }) {
      const keys = awkwardKeys(storage.maxKeyBytes)
      await storage.setMany(keys.map((key) => item(key)))
      assert.deepEqual(await listed(scan, ''), [...keys].sort())
      for (const prefix of ['a', 'a*', '100%', 'nul\0', 'x'.repeat(300), 'nothing']) {
        const expected = keys.filter((key) => key.startsWith(prefix)).sort()
        assert.deepEqual(await listed(scan, prefix), expected, `under ${JSON.stringify(prefix.slice(0, 20))}`)
      }
    },
  },
  {
    title: 'lists in pages, which may be left early, and through which entries may be deleted',
    needs: ['scan'],
    async run({ storage, scan }) {
      const keys = Array.from({ length: 2_500 }, (_, index) => `n${index}`)
      await storage.setMany(keys.map((key) => item(key)))
      for await (const page of scan.keys('n')) {
        assert.ok(page.length < keys.length, 'more than a page')
        break
      }
      const seen = new Set<string>()
      for await (const page of scan.keys('n')) {
        for (const key of page) seen.add(key)
        await storage.deleteMany(page)
      }
      assert.equal(seen.size, keys.length)
      assert.deepEqual(await listed(scan, ''), [])
    },
  },
]
