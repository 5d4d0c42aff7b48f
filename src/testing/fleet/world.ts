import type { Storage } from '../../contracts/storage.ts'
import { seededChance } from '../seeded-chance.ts'
import { simpleStorage } from '../simple-storage.ts'
import { virtualClock, type VirtualClock } from '../virtual-clock.ts'
import { Dice } from './dice.ts'
import { Oracle, type Stamped } from './oracle.ts'
import type { Terms } from './program.ts'

/** What all processes of a fleet share: time, chance, a server, a host's disk, and somebody who watches. */
export class World {
  readonly seed: number
  readonly terms: Terms
  readonly clock: VirtualClock = virtualClock()
  /** What decides on delays and loads while the program runs. */
  readonly dice: Dice
  readonly oracle: Oracle
  readonly server: ReturnType<typeof simpleStorage>
  /** What the keys of the one node begin with. */
  readonly head: string
  readonly #disks: readonly ReturnType<typeof simpleStorage>[]
  /** Told what happens, if anybody wants to know. */
  readonly tell: ((sentence: string) => void) | undefined
  readonly #start: number

  constructor(seed: number, terms: Terms, tell?: (sentence: string) => void) {
    this.seed = seed
    this.terms = terms
    this.dice = new Dice(seededChance(`${seed} at work`))
    this.oracle = new Oracle(this.clock)
    this.server = simpleStorage({ clock: this.clock, feed: terms.feed !== undefined })
    // Where nobody tells of changes, what another process leaves on a common disk is as good as its own: up to the copy's ttl.
    const shared = simpleStorage({ clock: this.clock })
    this.#disks = terms.skews.map(() => (terms.feed === undefined ? simpleStorage({ clock: this.clock }) : shared))
    this.#start = this.clock.now()
    this.head = terms.label === 'scope' ? 'fleet:~tenant=t:n:' : 'fleet:n:'
    this.tell = tell && ((sentence) => tell(`${this.clock.now() - this.#start} ms: ${sentence}`))
  }

  /** The server as one process reaches it. What it does is seen, in the order it does it. */
  reachServer(onDeleted: (key: number | 'all') => void): Storage {
    const storage = this.server.another()
    const { leases, markers } = storage.capabilities
    const { head } = this
    const fulfilMany: typeof leases.fulfilMany = async (items) => {
      const written = await leases.fulfilMany(items)
      for (const [index, item] of items.entries()) if (written[index] === true) this.oracle.written(valueOf(item))
      return written
    }
    const changeMany: typeof markers.changeMany = async (changes) => {
      await markers.changeMany(changes)
      // The generation, which is changed before any tag, is carried by nothing.
      if (changes.some(({ key }) => !key.endsWith('#!'))) onDeleted('all')
    }
    return {
      ...storage,
      capabilities: { ...storage.capabilities, leases: { ...leases, fulfilMany }, markers: { ...markers, changeMany } },
      async deleteMany(keys) {
        const count = await storage.deleteMany(keys)
        for (const key of keys) onDeleted(Number(key.slice(head.length)))
        return count
      },
      async expireMany(keys) {
        await storage.expireMany(keys)
        for (const key of keys) onDeleted(Number(key.slice(head.length)))
      },
      async clear(prefix) {
        await storage.clear(prefix)
        if (head.startsWith(prefix)) onDeleted('all')
      },
      setMany: async (items) => {
        await storage.setMany(items)
        for (const item of items) this.oracle.written(valueOf(item))
      },
    }
  }

  /** The disk of a process: that of the host all of them are on, if they hear of each other's changes. */
  reachDisk(number: number): Storage {
    const disk = this.#disks[number] ?? simpleStorage({ clock: this.clock })
    const storage = disk.another()
    return { ...storage, kind: 'host', capabilities: { scan: storage.capabilities.scan } }
  }

  /** What the server holds under a key. */
  async stored(key: number): Promise<Stamped | undefined> {
    const [stored] = await this.server.getMany([`${this.head}${key}`])
    return stored && valueOf(stored)
  }
}

function valueOf({ payload }: { readonly payload: Uint8Array }): Stamped {
  return JSON.parse(new TextDecoder().decode(payload)) as Stamped
}
