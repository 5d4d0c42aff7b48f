import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { digest, fingerprint } from '../../src/kernel/hash.ts'

test('a digest is the first 192 bits of SHA-256, in characters every backend takes', () => {
  expect(digest('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NM')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const whole = createHash('sha256').update(text).digest()
      expect(Buffer.from(digest(text), 'base64url')).toEqual(whole.subarray(0, 24))
      expect(digest(text)).toMatch(/^[\w-]{32}$/)
    }),
  )
})

test.each([
  ['', 0x811c9dc5],
  ['a', 0xe40c292c],
  ['foobar', 0xbf9cf968],
])('the fingerprint of %j is that of FNV-1a, 32 bits', (text, expected) => {
  expect(fingerprint(text)).toBe(expected)
})

test('a fingerprint fits an unsigned word', () => {
  fc.assert(fc.property(fc.string(), (text) => fingerprint(text) === fingerprint(text) >>> 0))
})

test('the names of our serializers have different fingerprints, and keep them', () => {
  expect([fingerprint('json'), fingerprint('structured')]).toEqual([916562499, 3842653702])
})
