import { expect, test } from 'vitest'
import { KeyNumbers } from '../../src/simulator/key-numbers.ts'

test('keys are numbered as they are first seen', () => {
  const keys = new KeyNumbers()
  expect(['a', 'b', 'a', 'c', 'b', ''].map((key) => keys.ofText(key))).toEqual([0, 1, 0, 2, 1, 3])
  expect(keys.size).toBe(4)
})

test('a hundred thousand texts that differ little are told apart, and found again', () => {
  const keys = new KeyNumbers()
  const texts = Array.from({ length: 100_000 }, (_, at) => `user:${at % 1000}:session:${Math.floor(at / 1000)}`)
  expect(texts.map((text) => keys.ofText(text))).toEqual(texts.map((_, at) => at))
  expect(texts.every((text, at) => keys.ofText(text) === at)).toBe(true)
})

test('both halves of a number count', () => {
  const keys = new KeyNumbers()
  const words = [
    [1, 0],
    [0, 1],
    [1, 1],
    [0xffffffff, 0],
    [0xffffffff, 0xffffffff],
    [-1, 0],
    [1, 0],
  ] as const
  expect(words.map(([low, high]) => keys.ofWords(low, high))).toEqual([0, 1, 2, 3, 4, 3, 0])
})
