import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { batchesOf } from '../../../src/storages/sql/server/batches.ts'
import { idRangeOf, keyBytesOf, nameOf, rowIdOf } from '../../../src/storages/sql/server/row-id.ts'
import { prefixRange } from '../../../src/storages/sql/prefix-range.ts'

const anyKey = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  fc.string({ unit: 'binary-ascii', minLength: 200, maxLength: 300 }),
  fc.tuple(fc.constantFrom('x', 'é', '東', '😀'), fc.integer({ min: 1, max: 300 })).map(([unit, n]) => unit.repeat(n)),
)
const limits = { rows: 3, bytes: 600 }

test('a call is cut so that no statement names a row twice, is too large, or has its rows out of order', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(anyKey, fc.constantFrom('a', 'b')), { maxLength: 30 }), (keys) => {
      const things = keys.map((key) => ({ key, payload: new Uint8Array(100) }))
      const batches = batchesOf(things, limits)
      for (const batch of batches) {
        const names = batch.map(({ name }) => name)
        expect(names).toEqual([...new Set(names)].sort())
        expect(batch.length).toBeLessThanOrEqual(limits.rows)
        const size = batch.reduce((sum, { id, rest }) => sum + id.length + (rest?.length ?? 0) + 100, 0)
        expect(batch.length === 1 || size <= limits.bytes).toBe(true)
      }
      expect(
        batches
          .flat()
          .map(({ place }) => place)
          .sort((a, b) => a - b),
      ).toEqual(keys.map((_, place) => place))
    }),
  )
})

test('what a call says of a key stays in its order', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 }), (keys) => {
      const steps = batchesOf(
        keys.map((key) => ({ key })),
        limits,
      ).flat()
      for (const key of new Set(keys)) {
        const places = steps.filter(({ thing }) => thing.key === key).map(({ place }) => place)
        expect(places).toEqual([...places].sort((a, b) => a - b))
      }
    }),
  )
})

test('every key has an id of its own, of 255 bytes at most, and can be told from it', () => {
  fc.assert(
    fc.property(anyKey, anyKey, (one, other) => {
      const { id, rest, name } = rowIdOf(one)
      expect(id.length).toBeLessThanOrEqual(255)
      expect(Buffer.from(keyBytesOf(id, rest)).toString()).toBe(one)
      expect(name).toBe(nameOf(id))
      expect(rowIdOf(other).name === name).toBe(one === other)
    }),
  )
})

test('keys of 254 bytes and more: the last that is its own id, and the first that is not', () => {
  expect(rowIdOf('x'.repeat(254)).rest).toBeNull()
  expect(rowIdOf('x'.repeat(255)).id.length).toBe(255)
  expect(rowIdOf('x'.repeat(255)).rest).not.toBeNull()
  const { id } = rowIdOf('x'.repeat(300))
  // The same bytes as a key would be too long to be an id themselves.
  expect(rowIdOf(Buffer.from(id).toString('latin1')).name).not.toBe(nameOf(id))
})

test('the ids of keys under a prefix lie in its range, and those of keys before or behind it do not', () => {
  fc.assert(
    fc.property(anyKey, anyKey, (prefix, tail) => {
      const [from, to] = idRangeOf(Buffer.from(prefix))
      const { id } = rowIdOf(prefix + tail)
      expect(Buffer.compare(from, id)).toBeLessThanOrEqual(0)
      expect(Buffer.compare(id, to)).toBe(-1)
      const [first, behind] = prefixRange(Buffer.from(prefix))
      const isInside = Buffer.compare(first, Buffer.from(tail)) <= 0 && Buffer.compare(Buffer.from(tail), behind) < 0
      expect(isInside).toBe(tail.startsWith(prefix))
    }),
  )
})
