import { resolve } from 'node:path'
import type { Markers, Storage, StoredItem } from '../../contracts/storage.ts'
import type { Clock } from '../../kernel/clock.ts'
import { parsePositiveDuration, type Duration } from '../../kernel/duration.ts'
import { invalidOption } from '../../kernel/errors.ts'
import { Lifecycle } from '../lifecycle.ts'
import { staleStored } from '../stale-stored.ts'
import { sweepRegularly, type Sweeper } from '../sweeper.ts'
import { wallClock } from '../wall-clock.ts'
import { EntryFolder, folderCount } from './entry-folder.ts'
import { FolderSweep } from './folder-sweep.ts'
import { changeMarker, ensureMarker } from './file-markers.ts'
import { KeyOrder } from './key-order.ts'

/** Where a file storage keeps its entries, and how. */
export interface FileOptions {
  /** It is made if it is missing, readable for this user alone. Other files in it are left alone. */
  readonly directory: string
  /** How long it may take until every file has been looked at for whether it has expired. `Infinity`: only when writing. Default 10 minutes. */
  readonly sweepEvery?: Duration
  /** What lifetimes run on. Default: the wall clock, which other processes and the next start of this one see too. */
  readonly clock?: Clock
}

/**
 * Keeps entries in files, one each: for few and large values, for what a person wants to look at or delete by hand,
 * and where there is no SQLite. Several processes may share the directory: a reader sees a whole entry or none.
 *
 * It has no leases. Two processes may load the same key at once, and a slow load may overwrite a newer entry of
 * another process; within a process both are prevented as everywhere.
 *
 * A file that can't be read as an entry is a miss. If it isn't ours it stays, until an entry of the same name is written.
 *
 * @throws CacheError `INVALID_OPTION` for options that make no sense
 *
 * @example
 * const storage = file({ directory: '.cache/shop' })
 */
export function file(options: FileOptions): Storage {
  const { directory, sweepEvery, clock } = resolveOptions(options)
  const life = new Lifecycle<Opened>('file', {
    async open() {
      const entries = new EntryFolder(directory)
      await entries.prepare()
      const order = new KeyOrder()
      const sweep = new FolderSweep(entries, order, clock)
      const sweeper = sweepRegularly(clock, sweepEvery / folderCount, () => life.run(() => sweep.sweepFolder()))
      return { entries, order, sweep, sweeper }
    },
    hurry: ({ sweeper }) => sweeper.stop(),
    close: () => Promise.resolve(),
  })

  async function* keys(prefix: string): AsyncGenerator<readonly string[]> {
    for (let folder = 0; folder < folderCount; folder++) {
      const pages = await life.run(({ entries }) => entries.list(folder, keysPerPage))
      for (;;) {
        const page = await life.run(() => pages.next())
        if (page.done === true) break
        const now = clock.now()
        const listed = page.value.flatMap((found) =>
          found.state === 'entry' && found.head.expiresAt > now && found.head.key.startsWith(prefix)
            ? found.head.key
            : [],
        )
        if (listed.length > 0) yield listed
      }
    }
  }

  const markers: Markers = {
    ensureMany(ensured) {
      const frames = ensured.map((marker) => ({ ...marker, expiresAt: expiryOf(marker, clock) }))
      return life.run(({ entries, order }) =>
        all(frames.map((frame) => order.run(frame.key, () => ensureMarker(entries, frame, clock)))),
      )
    },
    changeMany(changes) {
      const frames = changes.map((change) => ({ ...change, expiresAt: expiryOf(change, clock) }))
      return life.run(async ({ entries, order }) => {
        await all(frames.map((frame) => order.run(frame.key, () => changeMarker(entries, frame, clock))))
      })
    },
  }

  return {
    kind: 'host',
    type: 'file',
    capabilities: {
      markers,
      scan: { keys },
      time: { now: () => life.run(() => clock.now()) },
    },
    open: () => life.run(() => undefined),
    getMany: (keys) =>
      life.run(({ entries }) =>
        Promise.all(
          keys.map(async (key) => {
            const frame = await entries.read(key)
            if (frame === undefined || frame.expiresAt <= clock.now()) return undefined
            return { header: frame.header, payload: frame.payload }
          }),
        ),
      ),
    setMany(items) {
      const frames = items.map((item) => ({ ...item, expiresAt: expiryOf(item, clock) }))
      return life.run(async ({ entries, order, sweep }) => {
        await all(frames.map((frame) => order.run(frame.key, () => entries.write(frame))))
        await sweep.payFor(frames.length)
      })
    },
    expireMany: (keys) =>
      life.run(async ({ entries, order }) => {
        await all(keys.map((key) => order.run(key, () => expire(entries, key, clock))))
      }),
    deleteMany: (keys) =>
      life.run(async ({ entries, order }) => {
        const deleted = await all(keys.map((key) => order.run(key, () => deleteEntry(entries, key, clock))))
        return deleted.filter(Boolean).length
      }),
    clear: (prefix) => life.run(({ entries, order }) => order.alone(() => clear(entries, prefix))),
    close: () => life.close(),
  }
}

interface Opened {
  readonly entries: EntryFolder
  readonly order: KeyOrder
  readonly sweep: FolderSweep
  readonly sweeper: Sweeper
}

const keysPerPage = 500

function resolveOptions({ directory, sweepEvery = '10m', clock = wallClock }: FileOptions): Required<FileOptions> & {
  readonly sweepEvery: number
} {
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw invalidOption('file: directory', 'the path of a directory', directory)
  }
  return { directory: resolve(directory), clock, sweepEvery: parsePositiveDuration(sweepEvery, 'file: sweepEvery') }
}

function expiryOf({ ttl = Infinity }: StoredItem, clock: Clock): number {
  return clock.now() + ttl
}

async function expire(entries: EntryFolder, key: string, clock: Clock): Promise<void> {
  await entries.patch(key, (head) => {
    const now = clock.now()
    if (head.expiresAt <= now) return undefined
    const stale = staleStored(head, now)
    if (stale === undefined) return 'delete'
    if (stale.header === head.header) return undefined
    return { header: stale.header, expiresAt: Math.min(head.expiresAt, stale.expiredAt) }
  })
}

/** @returns whether there was an entry that had not expired */
async function deleteEntry(entries: EntryFolder, key: string, clock: Clock): Promise<boolean> {
  const deleted = await entries.delete(key)
  return deleted !== undefined && deleted.expiresAt > clock.now()
}

async function clear(entries: EntryFolder, prefix: string): Promise<void> {
  for (let folder = 0; folder < folderCount; folder++) {
    for await (const page of entries.list(folder, keysPerPage)) {
      const doomed = page.filter((found) => found.state === 'entry' && found.head.key.startsWith(prefix))
      await all(doomed.map(({ path }) => entries.remove(path)))
    }
  }
}

/** Waits for all, also when one fails: what was called must have ended before the call does. */
async function all<Answer>(attempts: readonly Promise<Answer>[]): Promise<Answer[]> {
  const outcomes = await Promise.allSettled(attempts)
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}
