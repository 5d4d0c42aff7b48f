import { isDeepStrictEqual } from 'node:util'
import { serialize } from 'node:v8'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Serializer } from '../../src/contracts/serializer.ts'
import { json } from '../../src/serializers/json.ts'
import { structured } from '../../src/serializers/structured.ts'
import { refusalOf } from '../kernel/refusal.ts'
import { anything, asJson, plain, withPrototypes } from './values.ts'

const subjects: readonly { readonly serializer: Serializer; readonly expected: (value: unknown) => unknown }[] = [
  { serializer: json(), expected: asJson },
  { serializer: structured(), expected: withPrototypes },
]

class Point {
  x = 1
}
class LateDate extends Date {}
class List extends Array<number> {}

describe.each(subjects)('$serializer.name', ({ serializer, expected }) => {
  const carry = (value: unknown): unknown => serializer.decode(serializer.encode(value))

  test('the same value comes back, or encode refuses', () => {
    let carried = 0
    fc.assert(
      fc.property(fc.oneof(anything, plain), (value) => {
        let bytes: Uint8Array
        try {
          bytes = serializer.encode(value)
        } catch {
          expect(refusalOf(() => serializer.encode(value)).code).toBe('UNSERIALIZABLE')
          return
        }
        carried++
        expect(isDeepStrictEqual(serializer.decode(bytes), expected(value))).toBe(true)
      }),
      { numRuns: 2_000 },
    )
    // A serializer that refuses everything would pass otherwise.
    expect(carried).toBeGreaterThan(500)
  })

  test('what is plain always comes back', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(isDeepStrictEqual(carry(value), value)).toBe(true)
      }),
    )
  })

  test.each([null, 0, '', false, [], {}])('DEFECTS 25: %j is a value like any other', (value) => {
    expect(carry(value)).toStrictEqual(value)
    expect(carry({ value })).toStrictEqual({ value })
  })

  test('texts come back to the last code unit', () => {
    for (const text of ['\0', '\ud83d', '\udca5\ud83d', '\ufeff', '\u2028', '💥', 'x'.repeat(100_000)]) {
      expect(carry([text])).toStrictEqual([text])
    }
  })

  test('names that objects are born with come back as names', () => {
    const value: unknown = JSON.parse('{"__proto__":{"a":1},"constructor":1,"hasOwnProperty":2}')
    expect(isDeepStrictEqual(carry(value), value)).toBe(true)
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
  })

  test('an object without a prototype comes back with one', () => {
    // What querystring, GraphQL and named groups give; to refuse it would help nobody.
    const value = Object.assign(Object.create(null) as object, { a: 1, inner: Object.create(null) as object })
    expect(carry(value)).toStrictEqual({ a: 1, inner: {} })
  })

  test('what is frozen is carried like any other', () => {
    expect(carry(Object.freeze({ list: Object.freeze([1]) }))).toStrictEqual({ list: [1] })
  })

  const refused: readonly (readonly [string, unknown])[] = [
    ['a function', () => 1],
    ['a symbol', Symbol('mine')],
    ['an instance of a class', new Point()],
    ['an instance of a class that extends Date', new LateDate()],
    ['an instance of a class that extends Array', new List(1, 2)],
    ['an object whose class has no name', Object.create(Object.create(null) as object)],
    ['a symbol for a name', { [Symbol('a')]: 1 }],
    ['a symbol for a name of a list', Object.assign([1], { [Symbol('a')]: 1 })],
    ['a promise', Promise.resolve(1)],
    ['a weak map', new WeakMap()],
    ['an address', new URL('https://example.com')],
    ['an object as deep as the stack', nested(100_000)],
  ]
  for (const [what, value] of refused) {
    test(`${what} is refused, wherever it is`, () => {
      for (const given of [value, [value], { a: [{ b: value }] }]) {
        const error = refusalOf(() => serializer.encode(given))
        expect(error.code).toBe('UNSERIALIZABLE')
        expect(error.message).toMatch(
          new RegExp(`^${serializer.name}\\(\\) can't carry .+ unchanged: .*make it plain$`),
        )
      }
    })
  }

  test('bytes that it did not write are refused, or read as data: never another value’s class', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        let value: unknown
        try {
          value = serializer.decode(bytes)
        } catch {
          return
        }
        expect(typeof value).not.toBe('function')
      }),
      { numRuns: 2_000 },
    )
    for (const bytes of [new Uint8Array(), Uint8Array.of(0xff), serializer.encode({ a: 'text' }).subarray(0, -2)]) {
      expect(() => serializer.decode(bytes)).toThrow()
    }
  })

  test('reads from the middle of a larger buffer', () => {
    const bytes = serializer.encode({ a: [1, 'b'] })
    const larger = new Uint8Array(bytes.length + 20).fill(0x20)
    larger.set(bytes, 7)
    expect(serializer.decode(larger.subarray(7, 7 + bytes.length))).toStrictEqual({ a: [1, 'b'] })
  })
})

describe('json', () => {
  const { encode, decode } = json()
  const carry = (value: unknown): unknown => decode(encode(value))

  test('is JSON', () => {
    expect(Buffer.from(encode({ a: [1, 'b', null], c: true })).toString()).toBe('{"a":[1,"b",null],"c":true}')
  })

  test('a property that is undefined is dropped', () => {
    expect(carry({ a: 1, b: undefined })).toStrictEqual({ a: 1 })
  })

  const ring: Record<string, unknown> = {}
  ring['self'] = [ring]
  const refused: readonly (readonly [string, unknown, string])[] = [
    ['undefined', undefined, 'undefined (the value)'],
    ['DEFECTS 26: a Date', { at: new Date(0) }, "a Date (the value's .at)"],
    ['DEFECTS 26: a Map', [new Map()], "a Map (the value's [0])"],
    ['DEFECTS 26: a Uint8Array', { a: [0, { b: Uint8Array.of(1) }] }, "a Uint8Array (the value's .a[1].b)"],
    ['a Set', new Set(), 'a Set (the value)'],
    ['a Buffer', Buffer.of(1), 'a Buffer (the value)'],
    ['a pattern', /a/, 'a RegExp (the value)'],
    ['an error', new Error('x'), 'a Error (the value)'],
    ['a boxed number', Object(1), 'a Number (the value)'],
    ['a bigint', { a: 1n }, "a bigint (the value's .a)"],
    ['NaN', [NaN], "NaN (the value's [0])"],
    ['Infinity', { a: Infinity }, "Infinity (the value's .a)"],
    ['-0', [-0], "-0 (the value's [0])"],
    ['undefined in a list', [1, undefined], "undefined (the value's [1])"],
    ['a hole in a list', { a: Array(1) }, "undefined (the value's .a[0])"],
    ['a list with properties, as match gives', 'abc'.match(/b/), 'a list with properties of its own (the value)'],
    ['an object with toJSON', { toJSON: () => 1 }, 'an object with toJSON (the value)'],
    ['a symbol for a name', { [Symbol('a')]: 1 }, 'symbols for names (the value)'],
  ]
  for (const [what, value, message] of refused) {
    test(`${what} is refused, and the message says where it is`, () => {
      const error = refusalOf(() => encode(value))
      expect(error.code).toBe('UNSERIALIZABLE')
      expect(error.message).toBe(`json() can't carry ${message} unchanged: use structured(), or make it plain`)
    })
  }

  test('a ring is refused in a message that fits a screen', () => {
    const error = refusalOf(() => encode(ring))
    expect(error.code).toBe('UNSERIALIZABLE')
    expect(error.message.length).toBeLessThan(250)
  })

  test('the same object twice is no ring', () => {
    const point = { x: 1 }
    expect(carry([point, [point, point]])).toStrictEqual([{ x: 1 }, [{ x: 1 }, { x: 1 }]])
  })

  test('a thousand levels are not too deep', () => {
    expect(carry(nested(1_000))).toStrictEqual(nested(1_000))
  })

  test.each([[[0xff, 0xfe]], [[0x22, 0xc3, 0x22]], [[0x22, 0xed, 0xa0, 0xbd, 0x22]]])(
    'bytes that are not UTF-8 (%j) are refused, rather than read as something else',
    (bytes) => {
      expect(() => decode(Uint8Array.from(bytes))).toThrow()
    },
  )

  test('DEFECTS 31: what is stored never names code', () => {
    const text = '{"$type":"Function","body":"process.exit(1)","__class__":"os.system","__proto__":{"isAdmin":true}}'
    const value = decode(Buffer.from(text)) as Record<string, unknown>
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(value['isAdmin']).toBeUndefined()
    expect(JSON.stringify(value)).toBe(text)
  })
})

describe('structured', () => {
  const { encode, decode } = structured()
  const carry = <Value>(value: Value): Value => decode(encode(value)) as Value

  test('DEFECTS 26: a Date, a Map, a Set and bytes come back as what they were', () => {
    const value = {
      at: new Date(5),
      map: new Map<unknown, unknown>([[{ a: 1 }, new Set([1n, 'b'])]]),
      bytes: Uint8Array.of(1, 2, 3),
      buffer: Buffer.from('text'),
      view: new DataView(Uint8Array.of(1, 2).buffer),
      raw: Uint8Array.of(7).buffer,
      floats: Float64Array.of(0.5, -0, NaN),
      pattern: /a"b/giu,
      boxed: [Object(1), Object('text'), Object(true)] as unknown[],
      odd: [NaN, -0, Infinity, undefined, 2n ** 70n],
    }
    expect(isDeepStrictEqual(carry(value), value)).toBe(true)
  })

  test('holes and rings come back', () => {
    const ring: { list: unknown[]; self?: unknown } = { list: Array(3) }
    ring.self = ring
    ring.list[1] = ring.list
    const back = carry(ring)
    expect(back.self).toBe(back)
    expect([back.list.length, 0 in back.list, back.list[1] === back.list]).toEqual([3, false, true])
  })

  test('an error comes back with its class, message, stack and cause', () => {
    const error = new RangeError('too far', { cause: new TypeError('not a number') })
    const back = carry(error)
    expect(back).toBeInstanceOf(RangeError)
    expect([back.message, back.stack, back.cause]).toEqual([error.message, error.stack, error.cause])
    expect(back.cause).toBeInstanceOf(TypeError)
  })

  test('a list keeps what match gave it', () => {
    const match = /(?<word>b)/.exec('abc')
    expect(isDeepStrictEqual(carry(match), withGroups(match))).toBe(true)
  })

  const touched = /a/g
  touched.exec('a')
  const renamed = new Error('x')
  renamed.name = 'AbortError'
  const refused: readonly (readonly [string, unknown, string])[] = [
    ['a function', () => 1, 'the value (() => 1 could not be cloned.)'],
    ['an instance of a class', { a: new Point() }, 'a Point'],
    ['one that is a key of a Map', new Map([[new Point(), 1]]), 'a Point'],
    ['one that is a value of a Map', new Map([[1, new Point()]]), 'a Point'],
    ['one in a Set', new Set([[new Point()]]), 'a Point'],
    ['one that is the cause of an error', new Error('x', { cause: new Point() }), 'a Point'],
    ['one behind a property of a list', Object.assign([1], { a: new Point() }), 'a Point'],
    ['a property of an error', Object.assign(new Error('x'), { code: 'ENOENT' }), "the property 'code' of an Error"],
    ['an error with another name', renamed, "the property 'name' of an Error"],
    ['an AggregateError', new AggregateError([]), 'a AggregateError'],
    ['a property of a Date', Object.assign(new Date(0), { zone: 'UTC' }), 'properties of a Date'],
    ['a property of a Map', Object.assign(new Map(), { a: 1 }), 'properties of a Map'],
    ['a property of a text', Object.assign(Object('abc') as object, { a: 1 }), 'properties of a String'],
    ['a pattern in the middle of a search', touched, 'the lastIndex of a RegExp'],
    ['a symbol for a name', { [Symbol('a')]: 1 }, 'symbols for names'],
    ['shared memory', new SharedArrayBuffer(1), 'a SharedArrayBuffer'],
  ]
  for (const [what, value, message] of refused) {
    test(`${what} is refused: V8 would drop or change it`, () => {
      const error = refusalOf(() => encode([value]))
      expect(error.code).toBe('UNSERIALIZABLE')
      expect(error.message).toBe(`structured() can't carry ${message} unchanged: make it plain`)
    })
  }

  test('an error under it is given as the cause', () => {
    expect(refusalOf(() => encode([() => 1])).cause).toBeInstanceOf(Error)
  })

  test('DEFECTS 27: what comes back shares no memory with the bytes it was read from', () => {
    const bytes = encode({
      buffer: Buffer.from('text'),
      floats: Float64Array.of(1),
      view: new DataView(new ArrayBuffer(1)),
    })
    const before = Buffer.from(bytes)
    const back = decode(bytes) as { buffer: Buffer; floats: Float64Array; view: DataView }
    back.buffer.fill(0)
    back.floats.fill(0)
    back.view.setUint8(0, 9)
    expect(Buffer.from(bytes)).toEqual(before)
  })

  test.each([Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Float32Array, Float64Array])(
    'the buffer behind a typed array holds that array, and nothing else: %o',
    (Kind) => {
      // Programs read it: `new DataView(array.buffer)`.
      const back = carry({ pad: 'x', array: Kind.of(1, 2, 3) }).array
      expect([back.byteOffset, back.buffer.byteLength]).toEqual([0, 3 * Kind.BYTES_PER_ELEMENT])
    },
  )

  test('a large Buffer is not looked through byte by byte', () => {
    const large = Buffer.alloc(20_000_000)
    const from = performance.now()
    encode([large, large])
    // Looking takes seconds; serialising, hundredths of one.
    expect(performance.now() - from).toBeLessThan(1_000)
  })

  test('DEFECTS 31: a class that is named in the bytes is not looked for', () => {
    expect(() => decode(Buffer.concat([serialize({}).subarray(0, 2), Buffer.from('\\eval')]))).toThrow()
  })
})

/** Objects in objects, so many levels deep. */
function nested(depth: number): unknown {
  let value: unknown = 'bottom'
  for (let level = 0; level < depth; level++) value = { in: value }
  return value
}

/** A match whose groups have a prototype. */
function withGroups(match: RegExpExecArray | null): object {
  return Object.assign([...(match ?? [])], { index: match?.index, input: match?.input, groups: { ...match?.groups } })
}
