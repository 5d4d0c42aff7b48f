import assert from 'node:assert/strict'
import type { Leases } from '../../contracts/storage.ts'
import { writeHeader } from '../../serializers/envelope.ts'
import { item, listed, textOf, texts, type Bench, type StorageCase } from './storage-case.ts'

const minute = 60_000

/** Where the clock can't be turned, what is to be read again must not have ended before. */
const half = 500

/** What drops a lease, and what is left under the key where an entry stood. */
const overtakings: readonly (readonly [string, (bench: Bench) => Promise<unknown>, 'old' | 'new' | undefined])[] = [
  ['a delete', ({ storage }) => storage.deleteMany(['a']), undefined],
  ['a set', async (bench) => bench.storage.setMany([item('a', 'new', { header: await freshHeader(bench) })]), 'new'],
  ['an expire', ({ storage }) => storage.expireMany(['a']), 'old'],
  ['a clear', ({ storage }) => storage.clear('a'), undefined],
]

async function freshHeader({ now }: Bench): Promise<Uint8Array> {
  const createdAt = await now()
  return writeHeader({ serializer: 7, createdAt, staleAt: createdAt + minute, expiredAt: createdAt + 2 * minute })
}

async function claim(leases: Leases, key: string, token: string, life = minute): Promise<boolean> {
  const [answer] = await leases.claimMany([{ key, token, life }])
  return answer?.won === true
}

/** The fence across processes: one holder a key, and nobody writes who has lost it. */
const cases: readonly StorageCase[] = [
  {
    title: 'gives a lease to the first who claims it, and says so to the others',
    async run({ leases }) {
      assert.equal(await claim(leases, 'a', 'mine'), true)
      assert.equal(await claim(leases, 'a', 'yours'), false)
      assert.equal(await claim(leases, 'b', 'yours'), true)
    },
  },
  ...['on nothing', 'on an entry'].map((where): StorageCase => ({
    title: `has one winner among many who claim at once, ${where}`,
    async run({ storage, leases }) {
      if (where === 'on an entry') await storage.setMany([item('a', 'there')])
      const tokens = Array.from({ length: 100 }, (_, index) => `token ${index}`)
      const won = await Promise.all(tokens.map((token) => claim(leases, 'a', token)))
      assert.equal(won.filter(Boolean).length, 1)
      const winner = tokens[won.indexOf(true)] as string
      assert.deepEqual(await leases.fulfilMany([{ ...item('a'), token: winner }]), [true])
    },
  })),
  {
    title: 'answers a claim with what stands there, and with its clock',
    async run({ storage, leases, now }) {
      await storage.setMany([item('a', 'there')])
      const before = await now()
      const [first, none] = await leases.claimMany([
        { key: 'a', token: 'mine', life: minute },
        { key: 'b', token: 'mine', life: minute },
      ])
      const [held] = await leases.claimMany([{ key: 'a', token: 'yours', life: minute }])
      assert.equal(textOf(first?.stored), 'there')
      assert.equal(first?.won, true)
      assert.equal(none?.stored, undefined)
      assert.equal(textOf(held?.stored), 'there')
      assert.equal(held?.won, false)
      assert.ok((first?.now ?? 0) >= Math.floor(before) && (held?.now ?? Infinity) <= (await now()))
    },
  },
  {
    title: 'writes what the holder brings, once, and has its lease back',
    async run({ storage, leases, advance }) {
      await claim(leases, 'a', 'mine')
      assert.deepEqual(await leases.fulfilMany([{ ...item('a', 'loaded', { ttl: half }), token: 'mine' }]), [true])
      assert.deepEqual(await texts(storage, ['a']), ['loaded'])
      assert.deepEqual(await leases.fulfilMany([{ ...item('a', 'again'), token: 'mine' }]), [false])
      assert.equal(await claim(leases, 'a', 'yours'), true)
      await advance(half)
      assert.deepEqual(await texts(storage, ['a']), [undefined])
    },
  },
  {
    title: "DEFECTS 9: somebody else's token changes nothing",
    async run({ storage, leases }) {
      await claim(leases, 'a', 'mine')
      assert.deepEqual(await leases.renewMany([{ key: 'a', token: 'yours', life: minute }]), [false])
      assert.deepEqual(await leases.fulfilMany([{ ...item('a', 'yours'), token: 'yours' }]), [false])
      await leases.releaseMany([{ key: 'a', token: 'yours' }])
      assert.equal(await claim(leases, 'a', 'third'), false, 'mine still stands')
      assert.deepEqual(await texts(storage, ['a']), [undefined])
      assert.deepEqual(await leases.fulfilMany([{ ...item('a', 'mine'), token: 'mine' }]), [true])
    },
  },
  {
    title: 'DEFECTS 9: whoever releases a lease that ran out leaves its new holder alone',
    async run({ leases, advance }) {
      await claim(leases, 'a', 'late', 5)
      await advance(5)
      assert.equal(await claim(leases, 'a', 'next'), true)
      await leases.releaseMany([{ key: 'a', token: 'late' }])
      assert.deepEqual(await leases.fulfilMany([{ ...item('a', 'late'), token: 'late' }]), [false])
      assert.equal(await claim(leases, 'a', 'third'), false)
      assert.deepEqual(await leases.fulfilMany([{ ...item('a', 'next'), token: 'next' }]), [true])
    },
  },
  {
    title: 'gives a lease back without writing: the next may have it, and an entry stays as it was',
    async run({ storage, leases }) {
      await storage.setMany([item('a', 'there')])
      await claim(leases, 'a', 'mine')
      await claim(leases, 'b', 'mine')
      await leases.releaseMany(['a', 'b', 'c'].map((key) => ({ key, token: 'mine' })))
      assert.deepEqual(await texts(storage, ['a', 'b']), ['there', undefined])
      assert.deepEqual(await leases.fulfilMany([{ ...item('b'), token: 'mine' }]), [false])
      assert.equal(await claim(leases, 'a', 'yours'), true)
      assert.equal(await claim(leases, 'b', 'yours'), true)
    },
  },
  {
    title: 'lets a lease run out by itself, whether or not somebody else has come for it',
    async run({ storage, leases, advance }) {
      await claim(leases, 'a', 'mine', 10)
      await claim(leases, 'b', 'mine', 10)
      await storage.setMany([item('c', 'there')])
      await claim(leases, 'c', 'mine', 10)
      await advance(10)
      assert.deepEqual(await leases.renewMany([{ key: 'b', token: 'mine', life: minute }]), [false])
      assert.deepEqual(await leases.fulfilMany([{ ...item('b', 'late'), token: 'mine' }]), [false])
      assert.deepEqual(await leases.fulfilMany([{ ...item('c', 'late'), token: 'mine' }]), [false])
      assert.equal(await claim(leases, 'a', 'yours'), true)
      assert.deepEqual(await texts(storage, ['a', 'b', 'c']), [undefined, undefined, 'there'])
    },
  },
  {
    title: 'keeps a lease that is renewed',
    async run({ storage, leases, advance }) {
      await claim(leases, 'a', 'mine', minute)
      assert.deepEqual(await leases.renewMany([{ key: 'a', token: 'mine', life: 10 * minute }]), [true])
      assert.equal(await claim(leases, 'a', 'yours'), false)
      assert.deepEqual(await leases.renewMany([{ key: 'a', token: 'mine', life: 5 }]), [true])
      await advance(5)
      assert.equal(await claim(leases, 'a', 'yours'), true)
      assert.deepEqual(await texts(storage, ['a']), [undefined])
    },
  },
  {
    title: 'renews for the time asked, counted from the renewal',
    needs: ['clock'],
    async run({ leases, advance }) {
      await claim(leases, 'a', 'mine', 100)
      await advance(90)
      assert.deepEqual(await leases.renewMany([{ key: 'a', token: 'mine', life: 100 }]), [true])
      await advance(99)
      assert.equal(await claim(leases, 'a', 'yours'), false)
      await advance(1)
      assert.equal(await claim(leases, 'a', 'yours'), true)
    },
  },
  {
    title: 'takes a lease by force: its old holder can write no more',
    async run({ storage, leases }) {
      await claim(leases, 'a', 'slow')
      const [forced] = await leases.claimMany([{ key: 'a', token: 'fast', life: minute, force: true }])
      assert.equal(forced?.won, true)
      assert.deepEqual(await leases.renewMany([{ key: 'a', token: 'slow', life: minute }]), [false])
      assert.deepEqual(await leases.fulfilMany([{ ...item('a', 'slow'), token: 'slow' }]), [false])
      assert.deepEqual(await leases.fulfilMany([{ ...item('a', 'fast'), token: 'fast' }]), [true])
      assert.deepEqual(await texts(storage, ['a']), ['fast'])
    },
  },
  ...['on nothing', 'on an entry'].flatMap((where): readonly StorageCase[] =>
    overtakings.map(([what, overtake, left]) => ({
      title: `refuses a load that was overtaken by ${what}, whose lease stood ${where}`,
      async run(bench) {
        const { storage, leases } = bench
        const header = await freshHeader(bench)
        if (where === 'on an entry') await storage.setMany([item('a', 'old', { header })])
        await claim(leases, 'a', 'slow')
        await overtake(bench)
        const expected = left === 'old' && where === 'on nothing' ? undefined : left
        assert.deepEqual(await leases.renewMany([{ key: 'a', token: 'slow', life: minute }]), [false])
        assert.deepEqual(await leases.fulfilMany([{ ...item('a', 'overtaken'), token: 'slow' }]), [false])
        assert.deepEqual(await texts(storage, ['a']), [expected])
        assert.equal(await claim(leases, 'a', 'next'), true, 'the lease is free')
      },
    })),
  ),
  {
    title: 'does not count a lease as an entry: not when reading, not when deleting',
    async run({ storage, leases }) {
      await claim(leases, 'a', 'mine')
      assert.deepEqual(await storage.getMany(['a']), [undefined])
      assert.equal(await storage.deleteMany(['a']), 0)
      assert.deepEqual(await leases.fulfilMany([{ ...item('a'), token: 'mine' }]), [false])
    },
  },
  {
    title: 'does not list a lease',
    needs: ['scan'],
    async run({ storage, leases, scan }) {
      await storage.setMany([item('b')])
      await claim(leases, 'a', 'mine')
      await claim(leases, 'b', 'mine')
      assert.deepEqual(await listed(scan, ''), ['b'])
    },
  },
  {
    title: 'lists what is leased under a prefix, with an entry or without, and nothing else',
    needs: ['scan'],
    async run({ storage, leases, scan }) {
      const list = scan.leases?.bind(scan)
      assert.ok(list !== undefined, 'a storage that has leases and lists entries lists leases too')
      await storage.setMany([item('shop:entry'), item('shop:plain')])
      const claimed = ['shop:entry', 'shop:stub', 'shop:{a}:b', 'shop:deleted', 'shop:back', 'other:stub']
      for (const key of claimed) await claim(leases, key, 'mine')
      await storage.deleteMany(['shop:deleted'])
      await leases.releaseMany([{ key: 'shop:back', token: 'mine' }])
      const found = await listed({ keys: list }, 'shop:')
      assert.deepEqual(found, ['shop:entry', 'shop:stub', 'shop:{a}:b'])
    },
  },
  {
    title: 'lists the keys that hold a lease, if it can, with or without an entry',
    needs: ['scan'],
    async run({ storage, leases, scan, advance }) {
      if (scan.leases === undefined) return
      await storage.setMany([item('p:entry'), item('p:both')])
      await leases.claimMany([{ key: 'p:late', token: 'mine', life: 5 }])
      for (const key of ['p:both', 'p:alone', 'q:other', 'p:given back']) await claim(leases, key, 'mine')
      await leases.releaseMany([{ key: 'p:given back', token: 'mine' }])
      await advance(5)
      const held = new Set<string>()
      for await (const page of scan.leases('p:')) for (const key of page) held.add(key)
      assert.deepEqual([...held].sort(), ['p:alone', 'p:both'])
      await storage.deleteMany([...held])
      assert.equal(await claim(leases, 'p:alone', 'next'), true)
    },
  },
  {
    title: 'claims over an entry that has expired, and fulfils it',
    async run({ storage, leases, advance }) {
      await storage.setMany([item('a', 'dead', { ttl: 5 })])
      await advance(5)
      const [answer] = await leases.claimMany([{ key: 'a', token: 'mine', life: minute }])
      assert.equal(answer?.won, true)
      assert.equal(answer?.stored, undefined)
      assert.deepEqual(await leases.fulfilMany([{ ...item('a', 'alive'), token: 'mine' }]), [true])
      assert.deepEqual(await texts(storage, ['a']), ['alive'])
    },
  },
  {
    title: 'keeps a lease whose entry expires under it',
    async run({ storage, leases, advance }) {
      await storage.setMany([item('a', 'dying', { ttl: 5 })])
      await claim(leases, 'a', 'mine')
      await advance(5)
      await storage.setMany([item('b'), item('c')])
      assert.equal(await claim(leases, 'a', 'yours'), false)
      assert.deepEqual(await leases.fulfilMany([{ ...item('a', 'alive'), token: 'mine' }]), [true])
    },
  },
  {
    title: 'decides for each key of a batch by itself',
    async run({ storage, leases }) {
      await storage.setMany([item('b', 'there')])
      await claim(leases, 'held', 'other')
      const keys = ['a', 'held', 'b', 'a']
      const answers = await leases.claimMany(keys.map((key, index) => ({ key, token: `t${index}`, life: minute })))
      assert.deepEqual(
        answers.map(({ won, stored }) => [won, textOf(stored)]),
        [
          [true, undefined],
          [false, undefined],
          [true, 'there'],
          [false, undefined],
        ],
      )
      const renewals = keys.map((key, index) => ({ key, token: `t${index}`, life: minute }))
      assert.deepEqual(await leases.renewMany(renewals), [true, false, true, false])
      const written = await leases.fulfilMany(
        keys.map((key, index) => ({ ...item(key, `by t${index}`), token: `t${index}` })),
      )
      assert.deepEqual(written, [true, false, true, false])
      assert.deepEqual(await texts(storage, ['a', 'held', 'b']), ['by t0', undefined, 'by t2'])
    },
  },
  {
    title: 'does nothing for empty lists of leases',
    async run({ leases }) {
      assert.deepEqual(await leases.claimMany([]), [])
      assert.deepEqual(await leases.renewMany([]), [])
      assert.deepEqual(await leases.fulfilMany([]), [])
      await leases.releaseMany([])
    },
  },
  {
    title: 'fences across instances: what one holds the other is refused',
    needs: ['another'],
    async run({ storage, leases, another }) {
      const other = await another()
      const theirs = other.capabilities.leases
      assert.ok(theirs !== undefined)
      await claim(leases, 'a', 'mine')
      assert.equal(await claim(theirs, 'a', 'theirs'), false)
      await other.deleteMany(['a'])
      assert.deepEqual(await leases.fulfilMany([{ ...item('a'), token: 'mine' }]), [false])
      assert.equal(await claim(theirs, 'a', 'theirs'), true)
      assert.deepEqual(await theirs.fulfilMany([{ ...item('a', 'theirs'), token: 'theirs' }]), [true])
      assert.deepEqual(await texts(storage, ['a']), ['theirs'])
    },
  },
]

/** All of them need leases. */
export const leaseCases: readonly StorageCase[] = cases.map((one) => ({
  ...one,
  needs: ['leases', ...(one.needs ?? [])],
}))
