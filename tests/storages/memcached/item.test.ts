import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeItem, encodeItem, leaseToken, type WrittenItem } from '../../../src/storages/memcached/item.ts'

const bytes = fc.uint8Array({ maxLength: 100 })
const moment = fc.oneof(fc.integer({ min: 0, max: 4e12 }), fc.constant(Infinity))
const count = fc.integer({ min: 0, max: 2 ** 52 })

const item: fc.Arbitrary<WrittenItem> = fc.record({
  stamp: fc.record({ generation: count, sequence: count }),
  proof: bytes,
  expiresAt: moment,
  lease: fc.option(fc.record({ token: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), until: moment }), {
    nil: undefined,
  }),
  stored: fc.option(fc.record({ header: bytes, payload: bytes }), { nil: undefined }),
})

test('an item comes back as it was written', () => {
  fc.assert(
    fc.property(item, (written) => {
      expect(plain(decodeItem(Buffer.concat(encodeItem(written))))).toEqual(plain(written))
    }),
    { numRuns: 500 },
  )
})

test('a part of an item is none, and neither is one with something behind it', () => {
  fc.assert(
    fc.property(item, fc.nat(), (written, cut) => {
      const whole = Buffer.concat(encodeItem(written))
      expect(decodeItem(whole.subarray(0, cut % whole.length))).toBeUndefined()
      expect(decodeItem(Buffer.concat([whole, Buffer.from('x')]))).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})

test('lengths that lead beyond the end make no item', () => {
  const whole = Buffer.concat(
    encodeItem({ stamp: { generation: 1, sequence: 0 }, proof: Buffer.from('key'), expiresAt: 0, stored: undefined }),
  )
  for (const at of [36, 37, 38, 39, 40]) {
    const damaged = Buffer.from(whole)
    damaged[at] = 200
    expect(decodeItem(damaged)).toBeUndefined()
  }
})

test('tokens of any length have a place', () => {
  expect(leaseToken('short')).toBe('short')
  const long = ['x'.repeat(300), 'x'.repeat(301), '東'.repeat(100), ''].map(leaseToken)
  expect(new Set(long).size).toBe(4)
  for (const token of long) expect(Buffer.byteLength(token)).toBe(32)
})

/** Comparable, whatever kind of bytes they are. */
function plain(one: WrittenItem | undefined): unknown {
  if (one === undefined) return undefined
  const { stamp, proof, expiresAt, lease, stored } = one
  const kept = stored && [Buffer.from(stored.header), Buffer.from(stored.payload)]
  return { stamp, proof: Buffer.from(proof), expiresAt, lease, kept }
}
