import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changeMessages, readChange } from '../../../src/storages/redis/changes-channel.ts'
import { addressOf, readLayout, redirection } from '../../../src/storages/redis/cluster-layout.ts'
import { startingWith } from '../../../src/storages/redis/glob.ts'
import { entryOfLease, isLeaseKey, leaseKey } from '../../../src/storages/redis/lease-key.ts'
import { slotOf } from '../../../src/storages/redis/slots.ts'

// Braces are what matters.
const key = fc
  .array(fc.constantFrom('{', '}', 'a', 'b', ':', 'ä', '!', 'lease', '='), { minLength: 1, maxLength: 12 })
  .map((parts) => parts.join(''))

describe('a slot', () => {
  test.each([
    ['123456789', 0x31c3],
    ['foo', 12182],
    ['bar', 5061],
    ['{foo}bar', 12182],
    ['foo{}{bar}', 8363],
    ['foo{{bar}}zap', slotOf('{bar')],
    ['foo{bar}{zap}', 5061],
    ['ä', slotOf(Buffer.from('ä'))],
  ])('of %s is the one of the specification', (text, slot) => {
    expect(slotOf(text)).toBe(slot)
  })
})

describe('the lease of a key', () => {
  test('lies in the slot of its key, is told apart from every other, and from entries', () => {
    fc.assert(
      fc.property(key, key, (one, other) => {
        expect(slotOf(leaseKey(one))).toBe(slotOf(one))
        expect(isLeaseKey(leaseKey(one))).toBe(true)
        expect(entryOfLease(leaseKey(one))).toBe(one)
        expect(leaseKey(one) === leaseKey(other)).toBe(one === other)
      }),
      { numRuns: 2_000 },
    )
  })

  test('can be read by a person', () => {
    expect(leaseKey('shop:user:1')).toBe('!lease={shop:user:1}')
    expect(leaseKey('shop:{u1}:name')).toBe('!lease:shop:{u1}:name')
    expect(leaseKey('a}b')).toMatch(/^!lease~\{\d+\}a\}b$/)
    expect([isLeaseKey('!leases'), isLeaseKey('shop:!lease={a}'), isLeaseKey('!lease')]).toEqual([false, false, false])
  })
})

test('a pattern matches what starts with a prefix, taken literally', () => {
  expect(startingWith('shop:')).toBe('shop:*')
  expect(startingWith('a*b?c[d]e\\f')).toBe('a\\*b\\?c\\[d\\]e\\\\f*')
})

describe('the layout of a cluster', () => {
  const reply = [
    [5461, 16383, ['', 2, 'id'], ['10.0.0.9', 3, 'id']],
    [0, 5460, [Buffer.from('10.0.0.1'), 1, 'id']],
  ] as never

  test('says who serves a slot', () => {
    const { owners, masters, text } = readLayout(reply, 'asked')
    expect([owners[0], owners[5460], owners[5461], owners[16383]]).toEqual([
      '10.0.0.1:1',
      '10.0.0.1:1',
      'asked:2',
      'asked:2',
    ])
    expect(masters).toEqual(['10.0.0.1:1', 'asked:2'])
    expect(text).toBe(readLayout([...(reply as unknown[])].reverse() as never, 'asked').text)
    expect(readLayout([[0, 1, ['a', 1]]] as never, 'asked').owners[2]).toBeUndefined()
  })

  test('is corrected by redirections, which may leave out the host', () => {
    expect(redirection(new Error('MOVED 3999 127.0.0.1:6381'), 'a:1')).toBe('127.0.0.1:6381')
    expect(redirection(new Error('ASK 3999 :6381'), 'a:1')).toBe('a:6381')
    expect(addressOf('::1:6381')).toEqual({ host: '::1', port: 6381 })
  })
})

describe('messages of changes', () => {
  test('say what they were made from, however many keys', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 3 }), { maxLength: 1_200 }), (keys) => {
        const read = changeMessages({ keys }).flatMap((message) => {
          const change = readChange(message)
          return 'keys' in change ? change.keys : ['?']
        })
        expect(read).toEqual(keys)
      }),
      { numRuns: 20 },
    )
    expect(readChange(changeMessages({ prefix: 'shop:' })[0] ?? '')).toEqual({ prefix: 'shop:' })
  })

  test.each(['', 'nonsense', '{', 'null', '[]', '7', '{"keys":7}', '{"prefix":7}'])('%j may mean anything', (text) => {
    expect(readChange(text)).toEqual({ prefix: '' })
  })
})
