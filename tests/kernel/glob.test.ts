import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { glob } from '../../src/kernel/glob.ts'

describe('a pattern matches the whole text', () => {
  test.each([
    ['abc', ['abc'], ['ab', 'abcd', 'ABC', '']],
    ['a*', ['a', 'ab', 'a:b', 'a\nb', 'a*'], ['', 'ba']],
    ['*a', ['a', 'ba', 'aa'], ['ab', '']],
    ['a*b*c', ['abc', 'aXbYc', 'abbcc'], ['acb', 'abcX']],
    ['**', ['', 'x'], []],
    ['?', ['a', '東', '💥'], ['', 'ab']],
    ['a?c', ['abc', 'a*c'], ['ac', 'abbc']],
    ['[abc]', ['a', 'c'], ['d', '', 'ab']],
    ['[a-c]x', ['ax', 'cx'], ['dx', '-x']],
    ['[^a-c]', ['d', '-'], ['a', 'c', '']],
    ['[!a]', ['b'], ['a']],
    ['[]a]', [']', 'a'], ['b']],
    ['[a-]', ['a', '-'], ['b']],
    ['[abc', ['[abc'], ['a']],
    ['a\\*b', ['a*b'], ['aXb', 'a\\*b']],
    ['\\[a]', ['[a]'], ['a']],
    ['a\\', ['a\\'], ['a']],
    ['a.c+(d)$', ['a.c+(d)$'], ['abc+(d)$']],
    ['', [''], ['a']],
  ])('%s', (pattern, matching, others) => {
    const { matches } = glob(pattern)
    expect(matching.filter((text) => !matches(text))).toEqual([])
    expect(others.filter((text) => matches(text))).toEqual([])
  })
})

test('what it begins with literally, and whether that is all', () => {
  const told = ['user:*', 'user:1', '*', 'a\\*b*', '[a]b', 'a?*', 'a**', 'a*b', ''].map((pattern) => {
    const { literal, isOpen } = glob(pattern)
    return [literal, isOpen]
  })
  expect(told).toEqual([
    ['user:', true],
    ['user:1', false],
    ['', true],
    ['a*b', true],
    ['', false],
    ['a', false],
    ['a', false],
    ['a', false],
    ['', false],
  ])
})

test('it allows every beginning of what it matches, and every match begins with its literal', () => {
  const piece = fc.constantFrom('a', 'b', '*', '?', '[ab]', '[^a]', '\\*', ':')
  const pattern = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))
  const text = fc.array(fc.constantFrom('a', 'b', '*', ':'), { maxLength: 8 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(pattern, text, (given, some) => {
      const { matches, allows, literal, isOpen } = glob(given)
      if (matches(some)) {
        expect(some.startsWith(literal)).toBe(true)
        for (let end = 0; end <= some.length; end++) expect(allows(some.slice(0, end))).toBe(true)
      }
      if (isOpen) expect(matches(some)).toBe(some.startsWith(literal))
    }),
  )
})

test('no pattern takes longer than its length times that of the text', () => {
  const { matches } = glob(`${'*a'.repeat(30)}b`)
  expect(matches('a'.repeat(5_000))).toBe(false)
})
