import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { rootKey, wireKey, type WireKey } from '../../../src/storages/memcached/wire-key.ts'
import { awkwardKeys } from '../../../src/testing/conformance/awkward-keys.ts'

const key = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 400 }),
  fc.constantFrom(...awkwardKeys()),
)

test('every key is something the protocol can carry', () => {
  fc.assert(
    fc.property(key, (one) => {
      for (const namespace of ['tc', 'n'.repeat(32)]) {
        const { token } = wireKey(namespace, one)
        expect(token).toMatch(/^[\x21-\x7e]{1,250}$/)
      }
    }),
    { numRuns: 500 },
  )
})

test('different keys are different on the server, and none is the root, whatever the namespaces', () => {
  fc.assert(
    fc.property(fc.uniqueArray(key, { minLength: 2, maxLength: 10 }), (keys) => {
      const names = ['a', 'b', 'a-b'].flatMap((namespace) => [
        nameOf(rootKey(namespace)),
        ...keys.map((one) => nameOf(wireKey(namespace, one))),
      ])
      expect(new Set(names).size).toBe(names.length)
    }),
    { numRuns: 500 },
  )
})

test('plain keys stay readable, others are base64, and long ones a digest of 192 bits that brings its proof', () => {
  expect(wireKey('tc', 'shop:user:1')).toMatchObject({ token: 'tc:shop:user:1', encoding: '' })
  expect(wireKey('tc', 'two words')).toMatchObject({
    token: Buffer.from('tc:two words').toString('base64'),
    encoding: 'b ',
  })
  expect(wireKey('tc', 'x'.repeat(247)).token).toBe(`tc:${'x'.repeat(247)}`)
  const long = wireKey('tc', 'x'.repeat(248))
  expect(long.token).toMatch(/^tc\*[\w-]{32}$/)
  expect(Buffer.from(long.proof).toString()).toBe('x'.repeat(248))
})

/** What the server takes it for: base64 stands for the bytes that were meant. */
function nameOf({ token, encoding }: WireKey): string {
  return encoding === '' ? token : Buffer.from(token, 'base64').toString('latin1')
}
