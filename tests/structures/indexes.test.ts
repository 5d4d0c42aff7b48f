import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foreign, type KeyIndex } from '../../src/structures/key-index.ts'
import { MapIndex } from '../../src/structures/map-index.ts'
import { NumberIndex } from '../../src/structures/number-index.ts'
import { SlotHashes } from '../../src/structures/slot-hashes.ts'
import { StringIndex } from '../../src/structures/string-index.ts'

const subjects: readonly {
  name: string
  make: () => KeyIndex<unknown>
  keys: fc.Arbitrary<unknown>
  key: (n: number) => unknown
}[] = [
  {
    name: 'strings',
    make: () => new StringIndex(7, new SlotHashes()),
    keys: fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.nat(500).map((n) => `user:${n}:profile`),
      fc.string({ minLength: 9 }),
    ),
    key: (n) => `tenant:${n % 7}:user-info:${n}:v1`,
  },
  {
    name: 'numbers',
    make: () => new NumberIndex(7, new SlotHashes()),
    keys: fc.oneof(fc.nat(500), fc.double({ noNaN: true }), fc.integer({ min: -(2 ** 52), max: 2 ** 52 })),
    key: (n) => n * 2 ** 20,
  },
  {
    name: 'anything',
    make: () => new MapIndex(7, new SlotHashes()),
    keys: fc.oneof(fc.nat(50), fc.string(), fc.constantFrom(null, undefined, true, Number.NaN, Symbol.iterator, 10n)),
    key: (n) => (n % 2 === 0 ? n : `key ${n}`),
  },
]

describe.each(subjects)('an index of $name', ({ make, keys, key }) => {
  test('leads to the same slots as a map does, whatever is put in and taken out', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), keys), { maxLength: 600, size: 'max' })
    fc.assert(
      fc.property(steps, (list) => {
        const pair = new Pair(make())
        for (const [isPut, one] of list) {
          if (isPut) pair.put(one)
          else pair.remove(one)
          expect(pair.index.find(one)).toBe(pair.model.get(one) ?? -1)
        }
        pair.check()
      }),
      { numRuns: 60 },
    )
  })

  test('grows, and stays right at every moment of growing', () => {
    const pair = new Pair(make())
    for (let n = 0; n < 3000; n++) {
      pair.put(key(n))
      if (n % 3 === 0) pair.remove(key(n >> 1))
      if (n % 100 === 0) pair.check()
    }
    pair.check()
  })

  test('gives a key the same hash when it comes again', () => {
    const index = make()
    index.reserve(8)
    const hash = insert(index, key(5), 3)
    index.remove(3)
    expect(insert(index, key(5), 1)).toBe(hash)
  })

  test('is empty after it was cleared, and can be used again', () => {
    const pair = new Pair(make())
    for (let n = 0; n < 200; n++) pair.put(key(n))
    pair.index.clear()
    expect(pair.index.find(key(7))).toBe(-1)
    const again = new Pair(pair.index)
    for (let n = 0; n < 200; n++) again.put(key(n))
    again.check()
  })
})

test('0 and -0 are one key, and NaN is refused', () => {
  const index = new NumberIndex(7, new SlotHashes())
  index.reserve(8)
  insert(index, 0, 5)
  expect(index.find(-0)).toBe(5)
  expect(index.find(Number.NaN)).toBe(foreign)
})

test('a string is not found under the number it spells, nor the other way round', () => {
  const strings = new StringIndex(7, new SlotHashes())
  strings.reserve(8)
  insert(strings, '7', 0)
  expect(strings.find(7)).toBe(foreign)
  const numbers = new NumberIndex(7, new SlotHashes())
  numbers.reserve(8)
  insert(numbers, 7, 0)
  expect(numbers.find('7')).toBe(foreign)
})

test('an object keeps its hash after it was taken out', () => {
  const index = new MapIndex<object>(7, new SlotHashes())
  index.reserve(8)
  const one = {}
  const hash = index.insert(one, 0)
  index.remove(0)
  expect(index.insert({}, 1)).not.toBe(hash)
  expect(index.insert(one, 2)).toBe(hash)
})

function insert<Key>(index: KeyIndex<Key>, key: Key, slot: number): number {
  index.find(key)
  return index.insert(key, slot)
}

class Pair {
  readonly index: KeyIndex<unknown>
  readonly model = new Map<unknown, number>()
  readonly #free: number[] = []
  #used = 0

  constructor(index: KeyIndex<unknown>) {
    this.index = index
    index.reserve(4096)
  }

  put(key: unknown): void {
    if (this.model.has(key)) return
    const slot = this.#free.pop() ?? this.#used++
    this.model.set(key, slot)
    insert(this.index, key, slot)
  }

  remove(key: unknown): void {
    const slot = this.model.get(key)
    if (slot === undefined) return
    this.index.remove(slot)
    this.model.delete(key)
    this.#free.push(slot)
  }

  check(): void {
    this.index.check([...this.model.values()])
    for (const [key, slot] of this.model) expect(this.index.find(key)).toBe(slot)
  }
}
