import { systemChance } from '../../kernel/chance.ts'
import type { Clock } from '../../kernel/clock.ts'
import { folderCount, type EntryFolder, type Found } from './entry-folder.ts'
import type { KeyOrder } from './key-order.ts'

/** A write pays for a look at two files: in the long run no more than so many can be dead. */
const filesPerPage = 100
const writesPerPage = 50
/** Nobody takes an hour to write a file; whoever began it has died. */
const abandonedAfter = 3_600_000

/**
 * Walks through the folders of a directory, round after round, and deletes what has expired and what somebody left
 * unfinished. It begins anywhere, so that programs which never run for long get everywhere too.
 */
export class FolderSweep {
  readonly #entries: EntryFolder
  readonly #order: KeyOrder
  readonly #clock: Clock
  readonly #walk: AsyncGenerator<Page, never>
  #debt = 0

  constructor(entries: EntryFolder, order: KeyOrder, clock: Clock) {
    this.#entries = entries
    this.#order = order
    this.#clock = clock
    this.#walk = walk(entries)
  }

  /** Sweeps as much as so many writes owe. */
  async payFor(writeCount: number): Promise<void> {
    this.#debt += writeCount
    while (this.#debt >= writesPerPage) {
      this.#debt -= writesPerPage
      await this.#sweepPage()
    }
  }

  /** Sweeps to the end of a folder. */
  async sweepFolder(): Promise<void> {
    while (!(await this.#sweepPage()).isLastOfFolder);
  }

  async #sweepPage(): Promise<Page> {
    const { value: page } = await this.#walk.next()
    await Promise.all(page.found.map((found) => this.#sweep(found)))
    return page
  }

  async #sweep(found: Found): Promise<void> {
    if (found.state !== 'entry') {
      const writtenAt = await this.#entries.writtenAt(found.path)
      if (writtenAt !== undefined && writtenAt <= this.#clock.now() - abandonedAfter) {
        await this.#entries.remove(found.path)
      }
      return
    }
    if (found.head.expiresAt > this.#clock.now()) return
    // In its turn, and with a second look: it may have been written anew.
    const { key } = found.head
    await this.#order.run(key, () => this.#entries.delete(key, ({ expiresAt }) => expiresAt <= this.#clock.now()))
  }
}

interface Page {
  readonly found: readonly Found[]
  readonly isLastOfFolder: boolean
}

async function* walk(entries: EntryFolder): AsyncGenerator<Page, never> {
  for (let folder = Math.floor(systemChance.fraction() * folderCount); ; folder = (folder + 1) % folderCount) {
    for await (const found of entries.list(folder, filesPerPage)) yield { found, isLastOfFolder: false }
    yield { found: [], isLastOfFolder: true }
  }
}
