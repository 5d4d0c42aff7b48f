import { describe, test } from 'vitest'
import { file } from 'tiercel/file'
import { storageConformance, virtualClock } from 'tiercel/testing'
import { temporaryFolder } from '../storages/folder.ts'

storageConformance(
  {
    name: 'file()',
    open() {
      const folder = temporaryFolder()
      const clock = virtualClock()
      const open = () => file({ directory: folder.path, clock })
      return Promise.resolve({
        storage: open(),
        another: () => Promise.resolve(open()),
        advance: (milliseconds) => clock.advance(milliseconds),
        remove: () => folder.remove(),
      })
    },
    cannot: {
      leases: 'a file system has no compare-and-set that would outlive a dead holder',
      feed: 'watching a folder misses changes without saying so',
    },
  },
  // Ten thousand files take seconds, where others are busy too.
  { describe, test: (title, body) => test(title, body, 60_000) },
)
