import { expect, test } from 'vitest'
import { mix } from '../../src/structures/number-index.ts'
import { SlotHashes } from '../../src/structures/slot-hashes.ts'
import { fullHash, learnPlaces, StringHash } from '../../src/structures/string-hash.ts'
import { StringIndex } from '../../src/structures/string-index.ts'

test('places learned from a few keys tell all the others apart', () => {
  const key = (n: number): string => `tiercel:user-info:${n}:settings:v1`
  const hash = learnPlaces(
    3,
    Array.from({ length: 96 }, (_, n) => key(10_000 + n * 911)),
    8,
  )
  expect(hash.reads).toBe(8)
  const hashes = new Set(Array.from({ length: 80_000 }, (_, n) => hash.of(key(10_000 + n))))
  // 80,000 random numbers of 32 bits have about one pair in common.
  expect(hashes.size).toBeGreaterThan(79_990)
})

test('the places of long keys serve shorter ones too, if they have them', () => {
  const keys = Array.from({ length: 90 }, (_, n) => `user:${10_000 + n * 977}:profile`)
  const hash = learnPlaces(3, keys, 5)
  const short = Array.from({ length: 1000 }, (_, n) => `user:${n}:profile`)
  expect(new Set(short.map((key) => hash.of(key))).size).toBeGreaterThan(990)
  // Were it read whole, every character would count.
  expect(hash.of('user:7:profXle')).toBe(hash.of('user:7:profile'))
})

test.each([
  ['counters between words', (n: number) => `user:${n}:profile`, 6],
  ['counters with leading zeros', (n: number) => `item-${String(n).padStart(10, '0')}`, 6],
  ['random digits', (n: number) => `session-${(mix(n) >>> 0).toString(16).padStart(8, '0')}`, 6],
])('an index of %s learns to read few places as it grows', (_, key, most) => {
  const index = new StringIndex(7, new SlotHashes())
  index.reserve(40_000)
  for (let n = 0; n < 40_000; n++) insert(index, key(n), n)
  expect(index.reads).toBeLessThanOrEqual(most)
})

test('keys too short for the places are read whole', () => {
  const hash = learnPlaces(3, ['a-long-key-1', 'a-long-key-2', 'b', ''], 4)
  expect(new Set(['', 'a', 'b', 'ab', 'ba', 'abc'].map((key) => hash.of(key))).size).toBe(6)
})

test('another seed gives another order', () => {
  expect(fullHash(1).of('user:7')).not.toBe(fullHash(2).of('user:7'))
  const places = [0, 1, 2, 3, -1, -2, -3, -4]
  expect(new StringHash(1, places, 9).of('user:12345')).not.toBe(new StringHash(2, places, 9).of('user:12345'))
})

test('keys made to clash under one seed are told apart under another', () => {
  const keys = clashingKeys(0, 17).slice(0, 100_000)
  expect(new Set(keys).size).toBe(100_000)
  expect(new Set(keys.map((key) => fullHash(0).of(key))).size).toBe(1)
  expect(new Set(keys.map((key) => fullHash(0x51ed270b).of(key))).size).toBeGreaterThan(99_990)
})

test('a hundred thousand keys that the learned places cannot tell apart cost no more than others', () => {
  const friendly = (n: number): string => `${'x'.repeat(40)}${mixed(n)}${'x'.repeat(40)}aaaaaaaa${n}`
  const hostile = (n: number): string => `${'x'.repeat(40)}${mixed(n)}${'x'.repeat(40)}aaaaaaaa0000`
  const index = new StringIndex(11, new SlotHashes())
  index.reserve(120_000)
  // The first keys say that the tail tells keys apart. Then only the middle does, which is too far from either end.
  for (let n = 0; n < 64; n++) insert(index, friendly(1000 + n), n)
  expect(index.reads).toBe(3)
  const began = performance.now()
  for (let n = 64; n < 100_000; n++) insert(index, hostile(n), n)
  expect(index.reads).toBe(Infinity)
  expect(index.find(hostile(99_999))).toBe(99_999)
  // Without the change of hash this takes minutes.
  expect(performance.now() - began).toBeLessThan(5000)
})

function insert(index: StringIndex, key: string, slot: number): void {
  index.find(key)
  index.insert(key, slot)
}

function mixed(n: number): string {
  return n.toString(36).padStart(6, '0')
}

/**
 * Two to the `blocks` strings with one hash under the full hash of this seed, as somebody would make them who knows it
 * (A. Joux, "Multicollisions in iterated hash functions", 2004): from each state two blocks that lead to the same next one.
 */
function clashingKeys(seed: number, blocks: number): readonly string[] {
  const multiplier = Math.imul(seed, 0x9e3779b1) | 1
  const step = (state: number, code: number): number => Math.imul(((state << 5) | (state >>> 27)) ^ code, multiplier)
  let keys: string[] = ['']
  let state = seed ^ (blocks * 3)
  for (let block = 0; block < blocks; block++) {
    const seen = new Map<number, string>()
    for (let n = 0; ; n++) {
      const codes = [n & 0xff, (n >>> 8) & 0xff, (n >>> 16) & 0xff]
      const end = codes.reduce(step, state)
      const text = String.fromCharCode(...codes)
      const twin = seen.get(end)
      if (twin !== undefined && twin !== text) {
        keys = keys.flatMap((key) => [key + twin, key + text])
        state = end
        break
      }
      seen.set(end, text)
    }
  }
  return keys
}
