import { describe, test } from 'vitest'
import { simpleStorage, storageConformance, virtualClock } from 'tiercel/testing'

storageConformance(
  {
    name: 'simpleStorage()',
    open() {
      const clock = virtualClock()
      const storage = simpleStorage({ clock, feed: true })
      return Promise.resolve({
        storage,
        another: () => Promise.resolve(storage.another()),
        advance: (milliseconds) => clock.advance(milliseconds),
      })
    },
  },
  { describe, test },
)

storageConformance(
  {
    name: 'simpleStorage() on the wall clock',
    open: () => Promise.resolve({ storage: simpleStorage() }),
    cannot: {
      feed: 'nobody asked for it',
      clock: 'nobody turns the wall clock',
      another: 'asked of the one with a virtual clock',
    },
  },
  { describe, test },
)
