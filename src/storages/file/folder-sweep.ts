import { systemChance } from '../../kernel/chance.ts'
import type { Clock } from '../../kernel/clock.ts'
import { folderCount, type EntryFolder, type Found } from './entry-folder.ts'
import type { KeyOrder } from './key-order.ts'

/** So many writes pay for one folder. */
const writesPerStep = 64
const filesAtOnce = 100
/** Nobody takes an hour to write a file; whoever began it has died. */
const abandonedAfter = 3_600_000

/**
 * Goes through the folders of a directory, one a step, and deletes what has expired and what somebody left unfinished.
 * It begins anywhere, so that programs which never run for long get everywhere too.
 */
export class FolderSweep {
  readonly #entries: EntryFolder
  readonly #order: KeyOrder
  readonly #clock: Clock
  #next = Math.floor(systemChance.fraction() * folderCount)
  #debt = 0

  constructor(entries: EntryFolder, order: KeyOrder, clock: Clock) {
    this.#entries = entries
    this.#order = order
    this.#clock = clock
  }

  /** Sweeps as much as so many writes owe. */
  async payFor(writeCount: number): Promise<void> {
    this.#debt += writeCount
    // However many there were: a round is enough, and nobody waits for two.
    const steps = Math.min(Math.floor(this.#debt / writesPerStep), folderCount)
    this.#debt %= writesPerStep
    for (let step = 0; step < steps; step++) await this.step()
  }

  /** Sweeps one folder. */
  async step(): Promise<void> {
    const folder = this.#next
    this.#next = (folder + 1) % folderCount
    for await (const page of this.#entries.list(folder, filesAtOnce)) {
      await Promise.all(page.map((found) => this.#sweep(found)))
    }
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
