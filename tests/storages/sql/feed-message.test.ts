import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { feedMessages, readFeedMessage } from '../../../src/storages/sql/postgres/feed-message.ts'

const anyKeys = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 3_000 })))

test('whatever the keys are, messages are short, plain ASCII, and tell every one of them', () => {
  fc.assert(
    fc.property(anyKeys, (keys) => {
      const messages = feedMessages({ keys })
      for (const message of messages) expect(message).toMatch(/^[ -~]{0,7999}$/)
      const told = messages.map(readFeedMessage)
      const named = told.flatMap((one) => ('keys' in one ? one.keys : []))
      expect(told.some((one) => 'prefix' in one) || keys.every((key) => named.includes(key))).toBe(true)
    }),
  )
})

test('keys go together, as many as fit', () => {
  const keys = Array.from({ length: 1_000 }, (_, index) => `shop:product:${index}`)
  const messages = feedMessages({ keys })
  expect(messages.length).toBe(3)
  expect(messages.map(readFeedMessage).flatMap((told) => ('keys' in told ? told.keys : []))).toEqual(keys)
})

test('too many keys, or one that is too long, are everything', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => `shop:product:${index}`)
  expect(feedMessages({ keys: many })).toEqual(['{"prefix":""}'])
  expect(feedMessages({ keys: ['a', 'x'.repeat(8_000)] })).toEqual(['{"prefix":""}'])
  expect(feedMessages({ prefix: 'x'.repeat(8_000) })).toEqual(['{"prefix":""}'])
})

test('nothing is told of nothing', () => {
  expect(feedMessages({ keys: [] })).toEqual([])
})

test.each([undefined, '', 'hello', '7', 'null', '[1]', '{"prefix":7}', '{}', '["a"'])(
  'a message that is not ours, %j, may mean that everything has changed',
  (message) => {
    expect(readFeedMessage(message)).toEqual({ prefix: '' })
  },
)
