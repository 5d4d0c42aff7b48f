import { describe, expect, test } from 'vitest'
import { FrequencySketch } from '../../src/structures/frequency-sketch.ts'
import { GhostCells } from '../../src/structures/ghost-cells.ts'
import { GhostList } from '../../src/structures/ghost-list.ts'
import { mix } from '../../src/structures/number-index.ts'
import { SlotLists } from '../../src/structures/slot-lists.ts'

describe('a frequency sketch', () => {
  test('never says less than there was, up to 15, and seldom more', () => {
    const sketch = new FrequencySketch()
    sketch.reserve(4096, 1_000_000)
    for (let key = 0; key < 1000; key++) for (let times = 0; times < key % 20; times++) sketch.add(mix(key), 1)
    let tooMuch = 0
    for (let key = 0; key < 1000; key++) {
      const times = Math.min(15, key % 20)
      expect(sketch.estimate(mix(key))).toBeGreaterThanOrEqual(times)
      if (sketch.estimate(mix(key)) > times) tooMuch++
    }
    expect(tooMuch).toBeLessThan(50)
  })

  test('counts many uses at once', () => {
    const sketch = new FrequencySketch()
    sketch.reserve(64, 1000)
    sketch.add(mix(1), 5)
    sketch.add(mix(1), 60)
    expect(sketch.estimate(mix(1))).toBe(15)
  })

  test('halves what it has counted after its period, a little at a time', () => {
    const sketch = new FrequencySketch()
    sketch.reserve(4096, 100)
    sketch.add(mix(1), 12)
    for (let key = 2; key < 100; key++) sketch.add(mix(key), 1)
    // The rest of the table is halved by what is added next.
    for (let key = 100; key < 140; key++) sketch.add(mix(key), 1)
    expect(sketch.estimate(mix(1))).toBe(6)
  })

  test('forgets nothing when it grows', () => {
    const sketch = new FrequencySketch()
    sketch.reserve(64, 100_000)
    for (let key = 0; key < 30; key++) sketch.add(mix(key), key % 16)
    sketch.reserve(4096, 100_000)
    for (let key = 0; key < 30; key++) expect(sketch.estimate(mix(key))).toBeGreaterThanOrEqual(key % 16)
  })
})

describe.each([
  ['a ghost list', () => new GhostList()],
  ['one side of ghost cells', () => oneSide(0)],
  ['the other side of ghost cells', () => oneSide(1)],
])('%s', (_name, make) => {
  test('remembers who went lately, and nobody else', () => {
    const ghosts = make()
    ghosts.reserve(100)
    for (let key = 0; key < 1000; key++) ghosts.add(mix(key))
    const remembered = Array.from({ length: 1000 }, (_, key) => ghosts.has(mix(key)))
    expect(remembered.slice(0, 900).filter(Boolean)).toEqual([])
    expect(remembered.slice(900).filter(Boolean).length).toBeGreaterThan(70)
    ghosts.clear()
    expect(ghosts.has(mix(999))).toBe(false)
  })
})

function oneSide(way: 0 | 1): Pick<GhostList, 'reserve' | 'add' | 'has' | 'clear'> {
  const cells = new GhostCells()
  return {
    reserve: (horizon) => cells.reserve(horizon),
    add: (hash) => cells.add(way, hash),
    has: (hash) => cells.ways(hash) === way + 1,
    clear: () => cells.clear(),
  }
}

test('a ghost list says how many went since, and can forget one', () => {
  const ghosts = new GhostList()
  ghosts.reserve(100)
  for (let key = 0; key < 10; key++) ghosts.add(mix(key))
  expect([ghosts.age(mix(9)), ghosts.age(mix(4)), ghosts.age(mix(77))]).toEqual([0, 5, -1])
  ghosts.remove(mix(9))
  expect(ghosts.has(mix(9))).toBe(false)
})

test('lists keep their order through everything that is done to them', () => {
  const lists = new SlotLists(2)
  lists.reserve(10)
  for (const slot of [1, 2, 3]) lists.pushHead(0, slot)
  lists.pushTail(0, 0)
  lists.moveToHead(0, 1)
  lists.pushHead(1, 5)
  expect([lists.check(0), lists.check(1), [...lists.fromTail(0)]]).toEqual([[1, 3, 2, 0], [5], [0, 2, 3, 1]])
  lists.remove(0, 3)
  expect([lists.check(0), lists.size(0), lists.head(0), lists.tail(0)]).toEqual([[1, 2, 0], 3, 1, 0])
  lists.clear()
  expect([lists.tail(0), lists.size(1)]).toEqual([-2, 0])
})
