import assert from 'node:assert/strict'
import type { Storage } from '../../contracts/storage.ts'
import { CacheError } from '../../kernel/errors.ts'
import { item, listed, texts, type StorageCase } from './storage-case.ts'

/** Opening, closing, and sharing what is stored. */
export const lifeCases: readonly StorageCase[] = [
  {
    title: 'opens by hand as often as you like, or with its first operation',
    async run({ storage }) {
      await storage.setMany([item('a')])
      await Promise.all([storage.open(), storage.open()])
      await storage.open()
      assert.deepEqual(await texts(storage, ['a']), ['a'])
    },
  },
  {
    title: 'finishes what is under way when it closes, and closes once',
    async run({ storage }) {
      const underWay = [storage.setMany([item('a')]), storage.getMany(['a']), storage.deleteMany(['b'])]
      await Promise.all([storage.close(), storage.close()])
      await storage.close()
      await Promise.all(underWay)
    },
  },
  {
    title: 'closes without having been opened',
    async run({ storage }) {
      await storage.close()
      await assert.rejects(storage.open(), isClosed)
    },
  },
  {
    title: 'refuses everything after it was closed',
    async run({ storage }) {
      await storage.open()
      await storage.close()
      for (const [name, operation] of operationsOf(storage)) {
        await assert.rejects(operation(), isClosed, `${name} after close`)
      }
    },
  },
  {
    title: 'writes what was to be fulfilled before it closes',
    needs: ['leases', 'another'],
    async run({ storage, leases, another }) {
      const other = await another()
      await leases.claimMany([{ key: 'a', token: 'mine', life: 60_000 }])
      const written = leases.fulfilMany([{ ...item('a'), token: 'mine' }])
      await storage.close()
      assert.deepEqual(await written, [true])
      assert.deepEqual(await texts(other, ['a']), ['a'])
    },
  },
  {
    title: 'shares its entries with every instance on the same data, and outlives them',
    needs: ['another'],
    async run({ storage, another }) {
      const other = await another()
      await storage.setMany([item('a', 'mine'), item('b')])
      assert.deepEqual(await texts(other, ['a', 'b']), ['mine', 'b'])
      await other.setMany([item('a', 'theirs')])
      assert.equal(await other.deleteMany(['b']), 1)
      await other.close()
      assert.deepEqual(await texts(storage, ['a', 'b']), ['theirs', undefined])
      await storage.close()
      assert.deepEqual(await texts(await another(), ['a', 'b']), ['theirs', undefined])
    },
  },
  {
    title: 'has a clock that goes forward',
    needs: ['time'],
    async run({ time, advance }) {
      const before = await time.now()
      await advance(5)
      const after = await time.now()
      assert.ok(after >= before + 4, `from ${before} to ${after}`)
      assert.ok(before > Date.UTC(2000, 0, 1), 'milliseconds since 1970')
    },
  },
]

function operationsOf(storage: Storage): readonly (readonly [string, () => Promise<unknown>])[] {
  const { leases, markers, scan, time } = storage.capabilities
  return [
    ['open', () => storage.open()],
    ['getMany', () => storage.getMany(['a'])],
    ['setMany', () => storage.setMany([item('a')])],
    ['expireMany', () => storage.expireMany(['a'])],
    ['deleteMany', () => storage.deleteMany(['a'])],
    ['clear', () => storage.clear('a')],
    ...(leases === undefined
      ? []
      : ([
          ['claimMany', () => leases.claimMany([{ key: 'a', token: 't', life: 1 }])],
          ['renewMany', () => leases.renewMany([{ key: 'a', token: 't', life: 1 }])],
          ['fulfilMany', () => leases.fulfilMany([{ ...item('a'), token: 't' }])],
          ['releaseMany', () => leases.releaseMany([{ key: 'a', token: 't' }])],
        ] as const)),
    ...(markers === undefined
      ? []
      : ([
          ['ensureMany', () => markers.ensureMany([item('a')])],
          ['changeMany', () => markers.changeMany([item('a')])],
        ] as const)),
    ...(scan === undefined ? [] : ([['scan', () => listed(scan, '')]] as const)),
    ...(time === undefined ? [] : ([['time', () => time.now()]] as const)),
  ]
}

function isClosed(error: unknown): boolean {
  return error instanceof CacheError && error.code === 'CLOSED'
}
