import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRoot, encodeRoot, judgeBy, newRoot, withClear, type Root } from '../../../src/storages/memcached/root.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', ':', 'ä', '😀'), maxLength: 4 })

test('of writes and clears in any order, what counts is what was written after the last clear that covers it', () => {
  const step = fc.oneof(
    fc.record({ what: fc.constant('write' as const), key: text }),
    fc.record({ what: fc.constant('clear' as const), key: text }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const written = new Map<string, Root>()
      const expected = new Set<string>()
      let root = newRoot(0.5)
      for (const { what, key } of steps) {
        if (what === 'write') {
          written.set(key, root)
          expected.add(key)
        } else {
          root = withClear(root, key)
          for (const one of expected) if (one.startsWith(key)) expected.delete(one)
        }
        // As every other process has it.
        root = decodeRoot(encodeRoot(root)) as Root
        const counts = judgeBy(root)
        expect([...written].filter(([one, stamp]) => counts(one, stamp)).map(([one]) => one)).toEqual(
          [...written.keys()].filter((one) => expected.has(one)),
        )
      }
    }),
    { numRuns: 500 },
  )
})

test('nothing of another generation counts, nor what was written under a root that is yet to come', () => {
  const root = newRoot(0.25)
  expect(judgeBy(newRoot(0.75))('a', root)).toBe(false)
  expect(judgeBy(root)('a', withClear(root, 'b'))).toBe(false)
  expect(judgeBy(root)('a', root)).toBe(true)
})

test('a clear takes the place of those it covers, so the list is as long as there are prefixes', () => {
  let root = newRoot(0.5)
  for (let index = 0; index < 1_000; index++) root = withClear(root, `shop:${index % 10}:`)
  expect(root.clears.size).toBe(10)
  expect(withClear(root, 'shop:').clears).toEqual(new Map([['shop:', 1_001]]))
  expect(withClear(root, '').clears.size).toBe(1)
})

test.each([
  '',
  'null',
  '[]',
  '{',
  '{"generation":1,"sequence":0}',
  '{"generation":1,"sequence":-1,"clears":[]}',
  '{"generation":"1","sequence":0,"clears":[]}',
  '{"generation":1,"sequence":0,"clears":[["a"]]}',
  '{"generation":1,"sequence":0,"clears":[[1,1]]}',
  '{"generation":1.5,"sequence":0,"clears":[]}',
])('%s is no root', (bytes) => {
  expect(decodeRoot(Buffer.from(bytes))).toBeUndefined()
})
