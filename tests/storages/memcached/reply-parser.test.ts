import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { flagIn, ReplyParser, type Reply } from '../../../src/storages/memcached/reply-parser.ts'

const value = fc.uint8Array({ maxLength: 300 })

/** One answer as the server writes it, and as it should be read. */
const answer = fc.oneof(
  fc.tuple(value, fc.nat(), fc.nat()).map(([bytes, cas, opaque]) => {
    const line = `VA ${bytes.length} c${cas} O${opaque}`
    return { bytes: Buffer.concat([Buffer.from(`${line}\r\n`), bytes, Buffer.from('\r\n')]), line, value: bytes }
  }),
  fc
    .constantFrom('HD', 'HD c1 t-1', 'EN', 'NF O3', 'MN', 'STAT version 1.6.18', 'SERVER_ERROR out of memory')
    .map((line) => ({ bytes: Buffer.from(`${line}\r\n`), line, value: undefined })),
)

test('reads the same answers, wherever the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 40 })), (answers, lengths) => {
      const stream = Buffer.concat(answers.map(({ bytes }) => bytes))
      const expected = answers.map(({ line, value: bytes }) => ({ line, value: bytes && Buffer.from(bytes) }))
      for (const cuts of [[stream.length], lengths, [1]]) {
        const read: { readonly line: string; readonly value: Buffer | undefined }[] = []
        const parser = new ReplyParser((reply) => read.push({ line: reply.line, value: copyOf(reply) }))
        for (const chunk of cutInto(stream, cuts)) parser.push(chunk)
        expect(read).toEqual(expected)
      }
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['no carriage return', 'HD\n'],
  ['an empty line', '\n'],
  ['a value of no size', 'VA x O1\r\n'],
  ['a value of a negative size', 'VA -1 O1\r\n'],
  ['a value of more than memcached can keep', 'VA 9999999999 O1\r\n'],
  ['a value that goes on behind its end', 'VA 2 O1\r\nabcd\r\n'],
  ['a line that never ends', 'x'.repeat(10_000)],
  ['a line that ends too late', `${'x'.repeat(10_000)}\r\n`],
])('refuses %s', (_, text) => {
  for (const length of [text.length, 1]) {
    const parser = new ReplyParser(() => undefined)
    expect(() => {
      for (const chunk of cutInto(Buffer.from(text), [length])) parser.push(chunk)
    }).toThrow('not an answer of memcached')
  }
})

test('bytes of any kind end in answers or in a refusal, never in anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const parser = new ReplyParser(() => undefined)
      try {
        parser.push(Buffer.from(bytes))
      } catch (error) {
        expect(String(error)).toContain('not an answer of memcached')
      }
    }),
    { numRuns: 300 },
  )
})

test('flags are found by their letter', () => {
  const reply: Reply = { line: 'VA 2 c17 f5 t-1 O3', value: Buffer.from('hi') }
  expect(['c', 'f', 't', 'O', 'x'].map((flag) => flagIn(reply, flag))).toEqual(['17', '5', '-1', '3', undefined])
})

// Values may be parts of a chunk, and the test writes into none, but compares them later.
function copyOf({ value: bytes }: Reply): Buffer | undefined {
  return bytes && Buffer.from(bytes)
}

/** Pieces of these lengths, again and again. */
function* cutInto(stream: Buffer, lengths: readonly number[]): Generator<Buffer> {
  for (let at = 0, index = 0; at < stream.length; index++) {
    const length = lengths[index % lengths.length] ?? stream.length
    yield Buffer.from(stream.subarray(at, at + length))
    at += length
  }
}
