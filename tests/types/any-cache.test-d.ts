import { type Cache, createCache, memory, nullStorage } from 'tiercel'
import { expectTypeOf, test } from 'vitest'

test('a cache of certain storages is a cache to whoever does not name them', () => {
  const cache = createCache({ storages: { local: memory(), none: nullStorage() } })
  expectTypeOf(cache).toExtend<Cache>()
})
