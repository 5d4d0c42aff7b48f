import { describe, test } from 'vitest'
import type { Storage } from '../../src/contracts/storage.ts'
import { DataLine } from '../../src/testing/fleet/data-line.ts'
import { Dice } from '../../src/testing/fleet/dice.ts'
import { FeedLine } from '../../src/testing/fleet/feed-line.ts'
import { wallClock } from '../../src/storages/wall-clock.ts'
import { type SimpleStorage, seededChance, simpleStorage, storageConformance } from 'tiercel/testing'

// What the processes of a fleet see of their server: lines with delays, where nothing is wrong.
storageConformance(
  {
    name: 'a server at the end of a line',
    open() {
      const server = simpleStorage({ feed: true })
      return Promise.resolve({
        storage: overLines(server),
        another: () => Promise.resolve(overLines(server.another())),
      })
    },
    cannot: { clock: 'nobody turns the wall clock' },
  },
  { describe, test },
)

function overLines(server: SimpleStorage): Storage {
  const dice = new Dice(seededChance(1))
  const delays = [0, 1]
  const storage = new DataLine(wallClock, dice, delays).over(server)
  const { feed } = server.capabilities
  if (feed === undefined) throw new Error('made without a feed')
  return {
    ...storage,
    capabilities: {
      ...storage.capabilities,
      feed: {
        follow: (prefix, listener) => new FeedLine(feed, wallClock, dice, delays, 0).follow(prefix, listener),
      },
    },
  }
}
