import type { LocalStorage } from '../contracts/local-storage.ts'
import type { Storage } from '../contracts/storage.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Entry } from '../kernel/entry.ts'
import { invalidOption } from '../kernel/errors.ts'
import { Channel } from './tiers/channel.ts'

/** Any storage a cache can be given. */
export type AnyStorage = LocalStorage | Storage

/** The storages of one cache, by name. */
export class Storages {
  readonly all: ReadonlyMap<string, AnyStorage>
  /** One for each remote storage. */
  readonly channels: ReadonlyMap<string, Channel>

  /** @throws CacheError `INVALID_OPTION` for what isn't a storage, or memory that runs on another clock */
  constructor(storages: Readonly<Record<string, AnyStorage>>, clock: Clock) {
    const names = Object.keys(storages)
    if (names.length === 0) throw invalidOption('createCache: storages', 'at least one storage', storages)
    for (const name of names) refuseNonsense(name, storages[name], clock)
    this.all = new Map(Object.entries(storages))
    this.channels = new Map(
      [...this.all].flatMap(([name, storage]) =>
        storage.kind === 'private' ? [] : [[name, new Channel(name, storage, clock)]],
      ),
    )
  }

  /** A storage by name. @throws CacheError `INVALID_OPTION` */
  named(name: string, where: string): AnyStorage {
    const storage = this.all.get(name)
    if (storage !== undefined) return storage
    throw invalidOption(where, `the name of a storage (${[...this.all.keys()].join(', ')})`, name)
  }

  /** The longest key that all of them take, in bytes. */
  get maxKeyBytes(): number {
    return Math.min(Infinity, ...[...this.channels.values()].map(({ storage }) => storage.maxKeyBytes ?? Infinity))
  }

  /** The private storages. The core puts nothing but entries into them. */
  get locals(): readonly LocalStorage<Entry>[] {
    return [...this.all.values()].filter((storage): storage is LocalStorage<Entry> => storage.kind === 'private')
  }
}

function refuseNonsense(name: string, storage: AnyStorage | undefined, clock: Clock): void {
  const where = `createCache: storages.${name}`
  const kind: unknown = storage?.kind
  if (storage === undefined || (kind !== 'private' && kind !== 'host' && kind !== 'shared')) {
    throw invalidOption(where, 'a storage, like memory() or sqlite({ path })', storage)
  }
  if (storage.kind === 'private' && storage.clock !== clock) {
    throw invalidOption(where, `a storage on the cache's own clock: give both the same { clock }`, storage.clock)
  }
}
