import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { KeySlots } from '../../src/structures/key-slots.ts'

test('a key has the slot it was given until it is taken out, also among keys that clash', () => {
  // Hashes of few bits, so that nearly all clash; near the end of the table, so that searches go around it.
  const hashOf = (key: number): number => (key % 3) - 2
  const steps = fc.array(fc.nat(40), { minLength: 1, maxLength: 300, size: 'max' })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), steps, (capacity, keys) => {
      const slots = new KeySlots()
      const model = new Map<number, number>()
      for (const key of keys) {
        if (model.has(key)) continue
        let slot = model.size
        if (model.size === capacity) {
          const [gone = 0, freed = 0] = [...model][key % capacity] ?? []
          slots.remove(freed)
          model.delete(gone)
          slot = freed
        } else {
          slots.reserve(slot + 1)
        }
        slots.insert(key, slot, hashOf(key))
        model.set(key, slot)
        for (let one = 0; one <= 40; one++) expect(slots.find(one, hashOf(one))).toBe(model.get(one) ?? -1)
      }
    }),
    { numRuns: 60 },
  )
})
