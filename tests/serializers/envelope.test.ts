import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { freshness, type Moments } from '../../src/kernel/entry.ts'
import {
  type Envelope,
  joinStored,
  readHeader,
  splitStored,
  staleHeader,
  writeHeader,
} from '../../src/serializers/envelope.ts'
import { refusalOf } from '../kernel/refusal.ts'

const moment = fc.oneof(
  { weight: 4, arbitrary: fc.maxSafeNat() },
  { weight: 2, arbitrary: fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true }) },
  fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER, Infinity),
)
const envelope: fc.Arbitrary<Envelope> = fc.record({
  serializer: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  createdAt: moment,
  staleAt: moment,
  expiredAt: moment,
})

const plain: Envelope = { serializer: 0xdeadbeef, createdAt: 1, staleAt: 2, expiredAt: 3 }

/** A header with one byte changed. */
function patched(index: number, byte: number): Uint8Array {
  const header = writeHeader(plain)
  header[index] = byte
  return header
}

test('the layout is as it is written down', () => {
  const header = writeHeader({ serializer: 0x01020304, createdAt: 0x0506, staleAt: 2 ** 32 + 7, expiredAt: Infinity })
  expect(Buffer.from(header).toString('hex')).toBe(
    ['5443', '01', '00', '01020304', '0000000000000506', '0000000100000007', 'ffffffffffffffff'].join(''),
  )
})

describe('what is written', () => {
  test('is read back, moments rounded down to whole milliseconds', () => {
    fc.assert(
      fc.property(envelope, ({ serializer, createdAt, staleAt, expiredAt }) => {
        expect(readHeader(writeHeader({ serializer, createdAt, staleAt, expiredAt }))).toEqual({
          serializer,
          createdAt: Math.floor(createdAt),
          staleAt: Math.floor(staleAt),
          expiredAt: Math.floor(expiredAt),
        })
      }),
    )
  })

  test('is read back from the middle of a larger buffer', () => {
    const larger = new Uint8Array(100)
    larger.set(writeHeader(plain), 13)
    expect(readHeader(larger.subarray(13, 45))).toEqual(plain)
  })

  test.each([2 ** 64, 2 ** 64 - 2 ** 32, 1e300, Number.MAX_VALUE])('a moment as far off as %d is never', (staleAt) => {
    expect(readHeader(writeHeader({ ...plain, staleAt })).staleAt).toBe(Infinity)
  })

  test.each([-1, -0.5, -1e15, -Infinity])(
    'a moment before 1970 (%d) was then, and never turns into "never"',
    (staleAt) => {
      expect(readHeader(writeHeader({ ...plain, staleAt })).staleAt).toBe(0)
    },
  )

  test('compares as bytes as it does as moments', () => {
    const bytesOf = (staleAt: number): Buffer => Buffer.from(writeHeader({ ...plain, staleAt }).subarray(16, 24))
    fc.assert(
      fc.property(moment, moment, (a, b) => {
        expect(bytesOf(a).compare(bytesOf(b))).toBe(Math.sign(compare(Math.floor(a), Math.floor(b))))
      }),
    )
  })
})

describe('what is not a header of a version and with flags we know is refused', () => {
  test.each([
    ['other magic', patched(0, 0x55), 'not an entry of ours'],
    ['half the magic', patched(1, 0x44), 'not an entry of ours'],
    ['nothing', new Uint8Array(0), 'not an entry of ours'],
    ['one byte less', writeHeader(plain).subarray(0, 31), 'not an entry of ours'],
    ['one byte more', new Uint8Array([...writeHeader(plain), 0]), 'a header with something behind it'],
    ['version 0', patched(2, 0), 'format version 0, and only 1 is known'],
    ['version 2', patched(2, 2), 'format version 2, and only 1 is known'],
    ['an unknown flag', patched(3, 2), 'unknown flags 2'],
    ['an unknown flag beside one that is known', patched(3, 3), 'unknown flags 3'],
    ['a flag that promises versions, and none', patched(3, 1), 'versions that end early'],
    ['all flags', patched(3, 255), 'unknown flags 255'],
  ])('%s', (_, header, what) => {
    for (const read of [readHeader, (given: Uint8Array) => staleHeader(given, 0)]) {
      const error = refusalOf(() => read(header))
      expect([error.code, error.message]).toEqual(['UNREADABLE', `stored bytes can't be read: ${what}`])
    }
  })

  test('every single flag', () => {
    for (let flag = 1; flag < 256; flag *= 2)
      expect(refusalOf(() => readHeader(patched(3, flag))).code).toBe('UNREADABLE')
  })

  test('whatever the bytes, it is an envelope or UNREADABLE, and never another error', () => {
    const nearly = fc
      .tuple(envelope, fc.nat(31), fc.nat(255), fc.integer({ min: 30, max: 34 }))
      .map(([given, index, byte, length]) => {
        const bytes = new Uint8Array(length)
        bytes.set(writeHeader(given).subarray(0, length))
        bytes[index] = byte
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(nearly, fc.uint8Array({ maxLength: 64 })), fc.maxSafeNat(), (bytes, now) => {
        for (const read of [readHeader, (given: Uint8Array) => readHeader(staleHeader(given, now))]) {
          let found: Envelope
          try {
            found = read(bytes)
          } catch {
            expect(refusalOf(() => read(bytes)).code).toBe('UNREADABLE')
            continue
          }
          for (const number of Object.values(found)) expect(number >= 0).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('a header made stale', () => {
  test('is stale from then on, and its stale window counts from there', () => {
    const stale = staleHeader(writeHeader({ ...plain, staleAt: 1_000, expiredAt: 1_500 }), 100)
    expect(readHeader(stale)).toEqual({ ...plain, staleAt: 100, expiredAt: 600 })
  })

  test('is the same bytes where it was stale already', () => {
    const header = writeHeader({ ...plain, staleAt: 1_000, expiredAt: 1_500 })
    for (const now of [1_000, 1_200, 1_500, 9_000]) expect(staleHeader(header, now)).toBe(header)
  })

  test('leaves the bytes it was given alone', () => {
    // Of a Buffer too, whose `slice` is no copy.
    for (const header of [
      writeHeader({ ...plain, staleAt: 1_000 }),
      Buffer.from(writeHeader({ ...plain, staleAt: 1_000 })),
    ]) {
      const before = Uint8Array.from(header)
      staleHeader(header, 100)
      expect(Uint8Array.from(header)).toEqual(before)
    }
  })

  test('of what never gets stale keeps its end', () => {
    const stale = staleHeader(writeHeader({ ...plain, staleAt: Infinity, expiredAt: Infinity }), 100)
    expect(readHeader(stale)).toEqual({ ...plain, staleAt: 100, expiredAt: Infinity })
  })

  test('of what never expires never expires', () => {
    const stale = staleHeader(writeHeader({ ...plain, staleAt: 1_000, expiredAt: Infinity }), 100)
    expect(readHeader(stale)).toEqual({ ...plain, staleAt: 100, expiredAt: Infinity })
  })

  test('changes nothing but its moments', () => {
    fc.assert(
      fc.property(envelope, moment, (given, now) => {
        const { serializer, createdAt } = readHeader(staleHeader(writeHeader(given), now))
        expect([serializer, createdAt]).toEqual([given.serializer, Math.floor(given.createdAt)])
      }),
    )
  })

  test('is never fresh, never lives longer, and is not revived, whatever its moments were', () => {
    fc.assert(
      fc.property(envelope, fc.maxSafeNat(), (given, now) => {
        const before: Moments = readHeader(writeHeader(given))
        const after: Moments = readHeader(staleHeader(writeHeader(given), now))
        expect(freshness(after, now)).not.toBe('fresh')
        expect(after.expiredAt <= before.expiredAt).toBe(true)
        if (freshness(before, now) === 'expired') expect(freshness(after, now)).toBe('expired')
      }),
      { numRuns: 2_000 },
    )
  })

  test('twice is as good as once', () => {
    fc.assert(
      fc.property(envelope, fc.maxSafeNat(), (given, now) => {
        const once = staleHeader(writeHeader(given), now)
        expect(staleHeader(once, now)).toBe(once)
      }),
    )
  })
})

describe('header and payload as one', () => {
  test('come apart as they went together', () => {
    fc.assert(
      fc.property(envelope, fc.uint8Array(), (given, payload) => {
        const parts = splitStored(joinStored({ header: writeHeader(given), payload }))
        expect([parts.header, parts.payload]).toEqual([writeHeader(given), payload])
      }),
    )
  })

  test('bytes too short for a header come apart into what readHeader refuses', () => {
    for (let length = 0; length < 34; length++) {
      const { header, payload } = splitStored(
        joinStored({ header: writeHeader(plain), payload: new Uint8Array(9) }).subarray(0, length),
      )
      expect(payload.length).toBe(0)
      expect(refusalOf(() => readHeader(header)).code).toBe('UNREADABLE')
    }
  })
})

// Infinity − Infinity is no number.
function compare(a: number, b: number): number {
  return a === b ? 0 : a - b
}
