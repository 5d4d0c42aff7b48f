import { describe as group, expect, test } from 'vitest'
import { CacheError, describe, invalidOption } from '../../src/kernel/errors.ts'

group('describe', () => {
  class Point {}
  class Nameless {
    static readonly name = undefined as unknown as string
  }
  test.each<[unknown, string]>([
    ['text', '"text"'],
    ['a "quoted"\nline', '"a \\"quoted\\"\\nline"'],
    ['', '""'],
    [5, '5'],
    [NaN, 'NaN'],
    [5n, '5n'],
    [true, 'true'],
    [null, 'null'],
    [undefined, 'undefined'],
    [Symbol('mine'), 'Symbol(mine)'],
    [() => {}, 'a function'],
    [function load() {}, 'the function load'],
    [[], 'an empty list'],
    [[1, 2, 3], 'a list of 3'],
    [{ a: 1 }, 'an object (Object)'],
    [new Date(0), 'an object (Date)'],
    [new Point(), 'an object (Point)'],
    [Object.create(null), 'an object (no class)'],
    [Object.create(Object.create(null) as object), 'an object (no class)'],
    [{ constructor: 5 }, 'an object (no class)'],
    [new Nameless(), 'an object (no class)'],
  ])('%#: a value as a reader recognises it: %s', (value, expected) => {
    expect(describe(value)).toBe(expected)
  })

  test('a long text is cut', () => {
    expect(describe('x'.repeat(10_000))).toBe(`"${'x'.repeat(60)}…"`)
    expect(describe('x'.repeat(60))).toBe(`"${'x'.repeat(60)}"`)
  })
})

test('an option that was refused: where, what was expected, what came', () => {
  const error = invalidOption('createCache: prefix', 'a name', 5)
  expect(error).toBeInstanceOf(CacheError)
  expect([error.code, error.message]).toEqual(['INVALID_OPTION', 'createCache: prefix: expected a name, got 5'])
})

test('a CacheError is an Error with a code, a name and a cause', () => {
  const cause = new Error('socket closed')
  const error = new CacheError('STORAGE_UNAVAILABLE', 'the storage is gone', { cause })
  expect(error).toBeInstanceOf(Error)
  expect([error.name, error.code, error.cause]).toEqual(['CacheError', 'STORAGE_UNAVAILABLE', cause])
  expect(String(error)).toBe('CacheError: the storage is gone')
  expect('cause' in new CacheError('CLOSED', 'closed')).toBe(false)
})
