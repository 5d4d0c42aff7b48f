import { isDeepStrictEqual } from 'node:util'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keys } from '../../src/kernel/arguments.ts'
import { refusalOf } from './refusal.ts'

const { readable } = keys
const one = (value: unknown): string => readable([value])

describe('a key made from arguments is readable', () => {
  const sparse: unknown[] = [1]
  sparse[2] = 3
  const made: readonly (readonly [readonly unknown[], string])[] = [
    [['AAPL', { days: 3 }], '"AAPL",{days:3}'],
    [[1, -0, 0.1, 1e21, NaN, -Infinity], '1,-0,0.1,1e+21,NaN,-Infinity'],
    [[5n, true, null, undefined], '5n,true,null,undefined'],
    [[[1, [2]], [], {}], '[1,[2]],[],{}'],
    [[{ b: 1, a: 2, 'a b': 3, 1: 4 }], '{"1":4,a:2,"a b":3,b:1}'],
    [[sparse, new Array<number>(2)], '[1,,3],[,,]'],
    [[new Date(5), new Date(NaN)], 'Date(5),Date(NaN)'],
    [[/a"b/gi], 'RegExp("a\\"b",gi)'],
    [[new URL('https://example.com/a?b')], 'URL("https://example.com/a?b")'],
    [[new Map<unknown, unknown>([[1, { a: 2 }]]), new Set(['x'])], 'Map(1=>{a:2}),Set("x")'],
    [[Symbol.for('shared')], 'Symbol("shared")'],
    [[Uint8Array.of(1, 2), Buffer.of(1, 2)], 'Uint8Array(AQI),Buffer(AQI)'],
    [[Uint8Array.of(1, 2).buffer, new DataView(new ArrayBuffer(1))], 'ArrayBuffer(AQI),DataView(AA)'],
  ]
  for (const [parameters, expected] of made) {
    test(expected, () => {
      expect(readable(parameters)).toBe(expected)
    })
  }

  test('of no arguments it is empty', () => {
    expect(readable([])).toBe('')
  })

  test('DEFECTS 22: keys are the same in every process, of this version and of those to come', () => {
    const parameters = ['user', 7, { roles: ['admin'], since: new Date(0) }]
    expect(readable(parameters)).toBe('"user",7,{roles:["admin"],since:Date(0)}')
    expect(keys.digest(parameters)).toBe('5qdL5zrzJBm_bjeP9LDVjVG7-ezU0C0k')
  })
})

describe('two different calls never share a key', () => {
  const shared = Symbol.for('a')
  const groups: readonly (readonly [string, readonly (readonly unknown[])[]])[] = [
    ['DEFECTS 21: a number, its text, its bigint, and a list of it', [[1], ['1'], [1n], [[1]], [['1']], [[[1]]]]],
    ['DEFECTS 21: null, undefined, their names, nothing, and an empty list', [[null], [undefined], ['null'], ['undefined'], [], [[]], [''], [{}]]],
    ['DEFECTS 21: a list, a longer one, and one argument more', [[[1, 2]], [1, 2], [[1], 2], [[1, 2, undefined]], [[1, [2]]], ['1,2'], [1, 2, undefined]]],
    ['DEFECTS 21: a property that is undefined, one that is null, and none', [[{}], [{ a: undefined }], [{ a: null }], [{ a: 'undefined' }]]],
    ['zeros', [[0], [-0], ['0'], [0n], [false], [[-0]], [[0]]]],
    ['holes', [[[]], [Array(1)], [Array(2)], [[undefined]], [[undefined, undefined]], [Object.assign(Array(2), { 0: undefined })], [['']]]],
    ['dates and what they look like', [[new Date(5)], [5], ['Date(5)'], [new Date(5).toISOString()], [{ Date: 5 }], [new Date(NaN)]]],
    ['maps, sets, lists and records of the same things', [[new Map([['a', 1]])], [new Map([[{ a: 1 }, undefined]])], [new Set([['a', 1]])], [[['a', 1]]], [{ a: 1 }], [new Map()], [new Set()]]],
    ['patterns', [[/a/], [/a/g], ['/a/'], [/a,g/], [/"a",g/], [sought(/a/g, 3)]]],
    ['addresses', [[new URL('https://example.com')], ['https://example.com/'], [new URL('https://example.com/#')]]],
    ['bytes under different names', [[Uint8Array.of(1)], [Int8Array.of(1)], [Buffer.of(1)], [Uint8Array.of(1).buffer], [new DataView(Uint8Array.of(1).buffer)], [Uint8ClampedArray.of(1)], [[1]], ['AQ']]],
    ['floats', [[Float64Array.of(0)], [Float64Array.of(-0)], [BigInt64Array.of(0n)], [Float32Array.of(0, 0)]]],
    ['symbols', [[shared], [Symbol.for('b')], ['a'], [{ Symbol: 'a' }], [Symbol.for('a")'), 1]]],
    ['names that look like syntax', [[{ 'a:1,b': 2 }], [{ a: 1, b: 2 }], [{ '"a"': 1 }], [{ a: 1 }], [{ 'a}': 1 }], [{ '': 1 }]]],
    ['texts that look like syntax', [['"'], ['\\"'], ['",'], ['"', ''], ['a","b'], ['a', 'b'], ['\ud800'], ['\\ud800'], ['\ud801'], ['\ufffd']]],
    ['a record that was parsed with a prototype for a name', [[JSON.parse('{"__proto__":1}')], [{}], [{ proto: 1 }]]],
  ] // prettier-ignore
  for (const [title, calls] of groups) {
    test(title, () => {
      for (const toKey of [keys.readable, keys.digest]) {
        expect(new Set(calls.map(toKey)).size).toBe(calls.length)
      }
    })
  }

  // Small pieces, so that two of them are often nearly the same.
  const text = fc.oneof(
    fc.constantFrom('', '1', '-0', 'null', 'undefined', 'NaN', 'a', '"', '\\', ',', '=>', '[]', '{}', 'Date(1)', '1n'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  )
  const leaf = fc.oneof(
    text,
    fc.constantFrom(0, -0, 1, NaN, Infinity, -Infinity, 0n, 1n, -1n, true, false, null, undefined, Symbol.for('1')),
    fc.double(),
    fc.integer({ min: 0, max: 2 }).map((time) => new Date(time)),
    fc.constantFrom('a', 'b').chain((source) => fc.constantFrom('', 'g').map((flags) => new RegExp(source, flags))),
    fc.constantFrom('a', 'b').map((path) => new URL(`https://example.com/${path}`)),
    fc.uint8Array({ maxLength: 2 }),
    fc.uint8Array({ maxLength: 2 }).map((bytes) => Buffer.from(bytes)),
    fc.int8Array({ maxLength: 2 }),
    fc.float32Array({ maxLength: 1 }),
    fc.uint8Array({ maxLength: 2 }).map((bytes) => new DataView(bytes.buffer)),
    fc.uint8Array({ maxLength: 2 }).map((bytes) => bytes.buffer),
  )
  const { value } = fc.letrec<{ value: unknown; record: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      tie('record'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.sparseArray(tie('value'), { maxLength: 4, maxNumElements: 3 }),
      fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 2 }).map((pairs) => new Map(pairs)),
      fc.array(tie('value'), { maxLength: 2 }).map((items) => new Set(items)),
    ),
    record: fc.dictionary(fc.oneof(text, fc.constantFrom('a', 'b', '__proto__')), tie('value'), { maxKeys: 3 }),
  }))
  const call = fc.array(value, { maxLength: 3 })

  test('equal keys are equal arguments, and equal arguments have equal keys', () => {
    fc.assert(
      fc.property(call, call, (a, b) => {
        expect(readable(a) === readable(b)).toBe(isSame(a, b))
        expect(keys.digest(a) === keys.digest(b)).toBe(isSame(a, b))
      }),
      { numRuns: 5_000 },
    )
  })

  test('a change anywhere in the arguments is a change of the key', () => {
    fc.assert(
      fc.property(call, value, value, (around, a, b) => {
        const [one, other] = [nest(around, a), nest(around, b)]
        expect(readable(one) === readable(other)).toBe(isSame(a, b))
      }),
      { numRuns: 2_000 },
    )
  })

  test('of any two in a hundred', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 100, maxLength: 100, size: 'max' }), (values) => {
        const byKey = new Map<string, unknown>()
        for (const each of values) {
          const key = one(each)
          if (byKey.has(key)) expect(isSame(byKey.get(key), each)).toBe(true)
          byKey.set(key, each)
        }
      }),
      { numRuns: 30 },
    )
  })

  test('a clone has the same key', () => {
    const cloneable = value.filter((each) => !/URL\(|Symbol\(|Buffer\(/.test(one(each)))
    fc.assert(fc.property(cloneable, (each) => one(structuredClone(each)) === one(each)))
  })

  test('the order of properties makes no difference', () => {
    const record = fc.dictionary(text, value)
    fc.assert(
      fc.property(record, (each) => {
        const reversed = Object.fromEntries(Object.entries(each).reverse())
        expect(one(reversed)).toBe(one(each))
      }),
    )
  })

  test('an object without a prototype is as good as one with', () => {
    expect(one(Object.assign(Object.create(null) as object, { a: 1 }))).toBe(one({ a: 1 }))
  })

  test('a view has the key of its own bytes, wherever they lie', () => {
    const bytes = Uint8Array.of(9, 1, 2, 9)
    expect(one(bytes.subarray(1, 3))).toBe(one(Uint8Array.of(1, 2)))
    expect(one(Buffer.from(bytes.buffer, 1, 2))).toBe(one(Buffer.of(1, 2)))
  })

  test('DEFECTS 20: 165,000 calls have 165,000 digests', () => {
    const digests = new Set<string>()
    for (let user = 0; user < 165_000; user++) digests.add(keys.digest([{ user }]))
    expect(digests.size).toBe(165_000)
  })

  test('a digest has the same length, however long the arguments', () => {
    for (const parameters of [[], ['x'], ['x'.repeat(100_000)]]) expect(keys.digest(parameters)).toMatch(/^[\w-]{32}$/)
  })
})

describe('what could not be told apart elsewhere is refused', () => {
  class Point {
    x = 1
  }
  class LateDate extends Date {}
  class Bytes extends Uint8Array {}
  class List extends Array<number> {}
  const ring: Record<string, unknown> = {}
  ring['self'] = { again: [ring] }
  const ringMap = new Map<string, unknown>()
  ringMap.set('self', ringMap)

  const refused: readonly (readonly [string, unknown, string])[] = [
    ['a function', () => 1, 'a function'],
    ['a named function', function load() {}, 'the function load'],
    ['a class', Point, 'the function Point'],
    ['DEFECTS 21: an instance of a class', new Point(), 'an object (Point)'],
    ['a local symbol', Symbol('mine'), 'Symbol(mine)'],
    ['a well-known symbol', Symbol.iterator, 'Symbol(Symbol.iterator)'],
    ['a ring', ring, 'an object that contains itself'],
    ['a ring through a map', ringMap, 'an object that contains itself'],
    ['an error', new Error('x'), 'an object (Error)'],
    ['a promise', Promise.resolve(1), 'an object (Promise)'],
    ['a weak map', new WeakMap(), 'an object (WeakMap)'],
    ['a boxed number', Object(1), 'an object (Number)'],
    ['a boxed bigint', Object(1n), 'an object (BigInt)'],
    ['an instance of a class that extends Date', new LateDate(), 'an object (LateDate)'],
    ['an instance of a class that extends Uint8Array', new Bytes(1), 'an object (Bytes)'],
    ['an instance of a class that extends Array', new List(), 'an empty list'],
    ['shared memory', new SharedArrayBuffer(1), 'an object (SharedArrayBuffer)'],
    ['an object of another realm', runInNewContext('({ a: 1 })'), 'an object (Object)'],
    ['an object with a symbol for a name', { [Symbol('a')]: 1 }, 'an object with symbols for names'],
    ['a list with a property of its own', Object.assign([1], { a: 1 }), 'a list with properties of its own'],
    ['a list with a hole and a property', Object.assign(Array(1), { a: 1 }), 'a list with properties of its own'],
    ['a list with a symbol for a name', Object.assign([1], { [Symbol('a')]: 1 }), 'a list with symbols for names'],
    ['a date with a property', Object.assign(new Date(0), { a: 1 }), 'an object (Date) with properties of its own'],
    ['a map with a property', Object.assign(new Map(), { a: 1 }), 'an object (Map) with properties of its own'],
    ['an object as deep as the stack', nest(Array(50_000).fill(0), 0), 'an object more than 500 levels deep'],
  ]
  for (const [title, value, what] of refused) {
    test(title, () => {
      for (const toKey of [keys.readable, keys.digest]) {
        for (const parameters of [[value], [{ deep: [new Map([[value, 1]])] }], [1, new Set([value])]]) {
          const error = refusalOf(() => toKey(parameters))
          expect(error.code).toBe('UNKEYABLE')
          expect(error.message).toBe(
            `can't make a key from ${what}: give a \`key\` function that says what tells calls apart`,
          )
        }
      }
    })
  }

  test('but the same object twice is no ring', () => {
    const point = { x: 1 }
    expect(readable([point, [point, point]])).toBe('{x:1},[{x:1},{x:1}]')
  })

  test('and what is deep is not too deep', () => {
    expect(one(nest(Array(400).fill(0), 0))).toContain('0')
  })
})

function sought(pattern: RegExp, lastIndex: number): RegExp {
  return Object.assign(pattern, { lastIndex })
}

/** A value inside lists: `[a, [b, [c, value]]]`. */
function nest(around: readonly unknown[], value: unknown): readonly unknown[] {
  return around.reduceRight<readonly unknown[]>((inner, each) => [each, inner], [value])
}

/**
 * What is the same in every way a function could notice, save where an object is: as `isDeepStrictEqual`, but in order
 * where that forgives disorder (maps, sets), and knowing floats by their bits and addresses by their text.
 */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b)
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) {
    return isRecord(a) && isRecord(b) && isSame({ ...a }, { ...b })
  }
  if (Array.isArray(a) && Array.isArray(b)) return isDeepStrictEqual(Object.keys(a), Object.keys(b)) && sameItems(a, b)
  if (a instanceof Map && b instanceof Map) return sameItems([...a].flat(1), [...b].flat(1))
  if (a instanceof Set && b instanceof Set) return sameItems([...a], [...b])
  if (a instanceof URL && b instanceof URL) return a.href === b.href
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return bytesOf(a).equals(bytesOf(b))
  if (!isRecord(a)) return isDeepStrictEqual(a, b)
  const [mine, theirs] = [a, b].map((record) => Object.entries(record).sort(([x], [y]) => (x < y ? -1 : 1)))
  return sameItems(mine ?? [], theirs ?? [])
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && Array.from(a).every((item, index) => isSame(item, b[index]))
}

function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}
