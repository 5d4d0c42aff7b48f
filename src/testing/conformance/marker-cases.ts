import assert from 'node:assert/strict'
import type { MarkerChange, Stored, StoredItem } from '../../contracts/storage.ts'
import { bytes, item, listed, texts, type Bench, type StorageCase } from './storage-case.ts'

const minute = 60_000

/** Half a second: where the clock can't be turned, what is prolonged must not have ended before. */
const half = 500

/** The versions of tags and scopes: made once, changed at once, and as long-lived as the longest that asked. */
const cases: readonly StorageCase[] = [
  {
    title: 'makes a marker that is missing, and answers one that is there as it is',
    async run(bench) {
      assert.deepEqual(await ensure(bench, marker('a', 'hard 1/soft 1')), ['hard 1/soft 1'])
      assert.deepEqual(await ensure(bench, marker('a', 'hard 2/soft 2')), ['hard 1/soft 1'])
      assert.deepEqual(await versions(bench, ['a']), ['hard 1/soft 1'])
    },
  },
  {
    title: 'answers alike to all who make a marker at once, with what stays',
    async run(bench) {
      const makers = Array.from({ length: 100 }, (_, index) =>
        ensure(bench, marker('a', `hard ${index}/soft ${index}`)),
      )
      const answers = (await Promise.all(makers)).flat()
      assert.equal(new Set(answers).size, 1)
      assert.deepEqual(await versions(bench, ['a']), [answers[0]])
    },
  },
  {
    title: 'answers alike to instances that make markers at once',
    needs: ['another'],
    async run(bench) {
      const other = await bench.another()
      const theirs = other.capabilities.markers
      assert.ok(theirs !== undefined)
      await Promise.all([bench.storage.open(), other.open()])
      const keys = Array.from({ length: 50 }, (_, index) => `marker ${index}`)
      const [mine, foreign] = await Promise.all([
        Promise.all(keys.map((key) => ensure(bench, marker(key, 'my hard/my soft')))),
        Promise.all(keys.toReversed().map((key) => theirs.ensureMany([marker(key, 'their hard/their soft')]))),
      ])
      const stands = await versions(bench, keys)
      assert.deepEqual(mine.flat(), stands)
      assert.deepEqual(foreign.flat().toReversed().map(versionsOf), stands)
    },
  },
  {
    title: 'tells markers that are there from those that are missing, in one call',
    async run(bench) {
      await ensure(bench, marker('b', 'old/old'), marker('d', 'old/old'))
      const asked = ['a', 'b', 'c', 'd'].map((key) => marker(key, 'new/new'))
      assert.deepEqual(await ensure(bench, ...asked), ['new/new', 'old/old', 'new/new', 'old/old'])
      assert.deepEqual(await versions(bench, ['d', 'c', 'b', 'a']), ['old/old', 'new/new', 'old/old', 'new/new'])
    },
  },
  {
    title: 'makes the first of a marker that is named twice, and answers both alike',
    async run(bench) {
      const asked = [marker('a', 'first/first'), marker('b', 'b/b'), marker('a', 'second/second')]
      assert.deepEqual(await ensure(bench, ...asked), ['first/first', 'b/b', 'first/first'])
      assert.deepEqual(await versions(bench, ['a']), ['first/first'])
    },
  },
  {
    title: 'changes both versions of a marker',
    async run(bench) {
      await ensure(bench, marker('a', 'h1/s1'), marker('b', 'h1/s1'))
      await change(bench, marker('a', 'h2/s2'))
      assert.deepEqual(await versions(bench, ['a', 'b']), ['h2/s2', 'h1/s1'])
      assert.deepEqual(await ensure(bench, marker('a', 'h3/s3')), ['h2/s2'])
    },
  },
  {
    title: 'changes only the soft version where only that is asked',
    async run(bench) {
      await ensure(bench, marker('a', 'h1/s1'), marker('b', 'h1/s1'))
      await change(bench, { ...marker('a', 'h2/s2'), softOnly: true }, marker('b', 'h2/s2'))
      assert.deepEqual(await versions(bench, ['a', 'b']), ['h1/s2', 'h2/s2'])
    },
  },
  {
    title: 'makes a marker that is to be changed and missing, both versions as given',
    async run(bench) {
      await change(bench, marker('a', 'h1/s1'), { ...marker('b', 'h2/s2'), softOnly: true })
      assert.deepEqual(await versions(bench, ['a', 'b']), ['h1/s1', 'h2/s2'])
    },
  },
  {
    title: 'keeps the later of two changes of one marker',
    async run(bench) {
      await change(bench, marker('a', 'h1/s1'), marker('a', 'h2/s2'), { ...marker('a', 'h3/s3'), softOnly: true })
      assert.deepEqual(await versions(bench, ['a']), ['h2/s3'])
    },
  },
  {
    title: 'never tears a marker: hard and soft version that are changed together are read together',
    async run(bench) {
      await ensure(bench, marker('a', '0/0'))
      const reads: Promise<(string | undefined)[]>[] = []
      const changes: Promise<void>[] = []
      for (let index = 1; index <= 50; index++) {
        changes.push(change(bench, marker('a', `${index}/${index}`)))
        reads.push(versions(bench, ['a']))
      }
      await Promise.all(changes)
      for (const [read] of await Promise.all(reads)) {
        const [hard, soft] = (read ?? '').split('/')
        assert.equal(hard, soft)
      }
    },
  },
  {
    title: 'lets a marker end with its life, as if it had never been',
    async run(bench) {
      await ensure(bench, marker('a', 'h1/s1', 10), marker('b', 'h1/s1'))
      await change(bench, { ...marker('c', 'h1/s1', 10), softOnly: true }, marker('d', 'h1/s1', 10))
      await bench.advance(10)
      assert.deepEqual(await versions(bench, ['a', 'b', 'c', 'd']), [undefined, 'h1/s1', undefined, undefined])
      assert.deepEqual(await ensure(bench, marker('a', 'h2/s2')), ['h2/s2'])
      await change(bench, { ...marker('c', 'h2/s2'), softOnly: true })
      assert.deepEqual(await versions(bench, ['a', 'c']), ['h2/s2', 'h2/s2'])
    },
  },
  {
    title: 'keeps a marker without a life, or with one of Infinity, for ever, whatever is asked later',
    async run(bench) {
      await ensure(bench, marker('a', 'h1/s1'), marker('b', 'h1/s1', Infinity))
      await change(bench, marker('c', 'h1/s1'))
      await ensure(bench, marker('a', 'h2/s2', 5), marker('c', 'h2/s2', 5))
      await change(bench, { ...marker('a', 'h3/s3', 5), softOnly: true }, marker('b', 'h3/s3', 5))
      await bench.advance(20)
      assert.deepEqual(await versions(bench, ['a', 'b', 'c']), ['h1/s3', 'h3/s3', 'h1/s1'])
    },
  },
  {
    title: 'prolongs the life of a marker, and never shortens it',
    async run(bench) {
      const keys = ['ensured', 'changed', 'softened']
      await ensure(bench, ...keys.map((key) => marker(key, 'h1/s1', half)))
      await prolong(bench, minute)
      await prolong(bench, 5)
      await bench.advance(half)
      assert.deepEqual(await versions(bench, keys), ['h1/s1', 'h2/s2', 'h1/s2'])
    },
  },
  {
    title: 'counts the life it prolongs from the call, to the millisecond',
    needs: ['clock'],
    async run(bench) {
      const keys = ['ensured', 'changed', 'softened']
      for (const key of keys) await ensure(bench, marker(key, 'h1/s1', 100))
      await bench.advance(90)
      await prolong(bench, 50)
      await prolong(bench, 20)
      await bench.advance(49)
      assert.deepEqual(await versions(bench, keys), ['h1/s1', 'h2/s2', 'h1/s2'])
      await bench.advance(1)
      assert.deepEqual(await versions(bench, keys), [undefined, undefined, undefined])
    },
  },
  {
    title: 'gives a marker that is named twice the longer of its lives',
    async run(bench) {
      await ensure(bench, marker('a', 'h1/s1', 5), marker('a', 'h1/s1', minute), marker('a', 'h1/s1', 5))
      await change(bench, marker('b', 'h1/s1', minute), marker('b', 'h2/s2', 5))
      await bench.advance(10)
      assert.deepEqual(await versions(bench, ['a', 'b']), ['h1/s1', 'h2/s2'])
    },
  },
  {
    title: 'keeps versions bit for bit, of any length, none included',
    async run({ storage, markers }) {
      const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)
      const made = [
        { key: 'a', header: everyByte, payload: everyByte.toReversed() },
        { key: 'b', header: Uint8Array.of(0), payload: new Uint8Array(0) },
        { key: 'c', header: Uint8Array.of(0, 0), payload: bytes('0') },
      ]
      const answers = await markers.ensureMany(made)
      const read = await storage.getMany(['a', 'b', 'c'])
      for (const [index, { header, payload }] of made.entries()) {
        for (const stored of [answers[index], read[index]]) {
          assert.equal(Buffer.compare(stored?.header ?? bytes('missing'), header), 0, `header ${index}`)
          assert.equal(Buffer.compare(stored?.payload ?? bytes('missing'), payload), 0, `payload ${index}`)
        }
      }
    },
  },
  {
    title: 'deletes and clears markers like entries, and makes them anew',
    async run(bench) {
      const { storage } = bench
      await storage.setMany([item('a:entry')])
      await ensure(bench, marker('a:1', 'h1/s1'), marker('a:2', 'h1/s1'), marker('b', 'h1/s1'))
      assert.equal(await storage.deleteMany(['a:1', 'a:3']), 1)
      assert.deepEqual(await ensure(bench, marker('a:1', 'h2/s2')), ['h2/s2'])
      await storage.clear('a:')
      assert.deepEqual(await versions(bench, ['a:1', 'a:2', 'b']), [undefined, undefined, 'h1/s1'])
      assert.deepEqual(await ensure(bench, marker('a:2', 'h3/s3')), ['h3/s3'])
    },
  },
  {
    title: 'reads markers and entries in one call, and keeps them apart',
    async run(bench) {
      await bench.storage.setMany([item('entry', 'text')])
      await ensure(bench, marker('#marker', 'h1/s1'))
      assert.deepEqual(await texts(bench.storage, ['#marker', 'entry', '#other']), ['s1', 'text', undefined])
      await change(bench, marker('#marker', 'h2/s2'))
      assert.deepEqual(await texts(bench.storage, ['entry', '#marker']), ['text', 's2'])
    },
  },
  {
    title: 'lists markers like entries',
    needs: ['scan'],
    async run(bench) {
      await bench.storage.setMany([item('p:entry')])
      await ensure(bench, marker('p:#a', 'h1/s1'))
      await change(bench, marker('p:#b', 'h1/s1'))
      assert.deepEqual(await listed(bench.scan, 'p:'), ['p:#a', 'p:#b', 'p:entry'])
    },
  },
  {
    title: 'takes ten thousand markers in one call',
    async run(bench) {
      const keys = Array.from({ length: 10_000 }, (_, index) => `many:${index}`)
      const old = keys.filter((_, index) => index % 3 === 0)
      await change(bench, ...old.map((key) => marker(key, 'old/old', minute)))
      const answers = await ensure(bench, ...keys.map((key) => marker(key, 'new/new', minute)))
      const expected = keys.map((_, index) => (index % 3 === 0 ? 'old/old' : 'new/new'))
      assert.deepEqual(answers, expected)
      await change(bench, ...keys.map((key) => ({ ...marker(key, 'late/late', minute), softOnly: true as const })))
      assert.deepEqual(
        await versions(bench, keys),
        expected.map((both) => both.replace(/\/.*/, '/late')),
      )
    },
  },
  {
    title: 'does nothing for empty lists of markers',
    async run({ markers }) {
      assert.deepEqual(await markers.ensureMany([]), [])
      await markers.changeMany([])
    },
  },
  {
    title: 'shares its markers with every instance on the same data',
    needs: ['another'],
    async run(bench) {
      const other = await bench.another()
      const theirs = other.capabilities.markers
      assert.ok(theirs !== undefined)
      await ensure(bench, marker('a', 'h1/s1'))
      await theirs.changeMany([{ ...marker('a', 'h2/s2'), softOnly: true }])
      assert.deepEqual(await versions(bench, ['a']), ['h1/s2'])
      await theirs.changeMany([marker('a', 'h3/s3')])
      assert.deepEqual(await ensure(bench, marker('a', 'h4/s4')), ['h3/s3'])
    },
  },
]

/** All of them need markers. */
export const markerCases: readonly StorageCase[] = cases.map((one) => ({
  ...one,
  needs: ['markers', ...(one.needs ?? [])],
}))

/** A marker to make or to change: `hard/soft`. */
function marker(key: string, both: string, ttl?: number): StoredItem {
  const [hard = '', soft = ''] = both.split('/')
  return { key, header: bytes(hard), payload: bytes(soft), ...(ttl !== undefined && { ttl }) }
}

async function ensure({ markers }: Bench, ...made: readonly StoredItem[]): Promise<string[]> {
  return (await markers.ensureMany(made)).map(versionsOf)
}

async function change({ markers }: Bench, ...changes: readonly MarkerChange[]): Promise<void> {
  await markers.changeMany(changes)
}

/** Asks for a life in each of the ways there are. */
async function prolong(bench: Bench, ttl: number): Promise<void> {
  await ensure(bench, marker('ensured', 'h2/s2', ttl))
  await change(bench, marker('changed', 'h2/s2', ttl), { ...marker('softened', 'h2/s2', ttl), softOnly: true })
}

async function versions({ storage }: Bench, keys: readonly string[]): Promise<(string | undefined)[]> {
  const found = await storage.getMany(keys)
  return found.map((stored) => stored && versionsOf(stored))
}

function versionsOf({ header, payload }: Stored): string {
  const decoder = new TextDecoder()
  return `${decoder.decode(header)}/${decoder.decode(payload)}`
}
