import { type Cache, type CacheOptions, createCache, memory, type MemoryCache } from 'tiercel'
import {
  type FaultyStorage,
  faultyStorage,
  type SimpleStorage,
  simpleStorage,
  type StorageOperation,
  type VirtualClock,
  virtualClock,
} from 'tiercel/testing'

/** What a scene may say of its cache besides its places. */
export interface SceneTerms extends Omit<CacheOptions<Record<string, never>>, 'storages' | 'tiers' | 'clock'> {
  /** Milliseconds a copy in memory answers. */
  readonly copyTtl?: number
  readonly timeLimit?: number
}

/** A cache of two tiers, memory above a shared storage, in time that passes when it is told to. */
export interface Scene {
  readonly clock: VirtualClock
  readonly local: MemoryCache
  /** What this cache asks; faults and calls are its own. */
  readonly shared: FaultyStorage
  /** The data behind it, without faults. */
  readonly server: SimpleStorage
  readonly cache: Cache<'local' | 'shared'>
  /** Another process: its own memory, its own way to the same data. */
  another(terms?: SceneTerms): Scene
}

export function scene(terms: SceneTerms = {}): Scene {
  const clock = virtualClock()
  return sceneOn(simpleStorage({ clock }), clock, terms)
}

function sceneOn(server: SimpleStorage, clock: VirtualClock, terms: SceneTerms): Scene {
  const { copyTtl, timeLimit, ...others } = terms
  const local = memory({ clock })
  const shared = faultyStorage(server.another(), { clock })
  const cache = createCache({
    ...others,
    clock,
    storages: { local, shared },
    tiers: [
      { storage: 'local', ttl: copyTtl },
      { storage: 'shared', timeLimit },
    ],
  })
  return { clock, local, shared, server, cache, another: (again = terms) => sceneOn(server.another(), clock, again) }
}

/** A cache of memory alone. */
export function memoryScene(
  terms: Omit<SceneTerms, 'copyTtl' | 'timeLimit'> = {},
): Pick<Scene, 'clock' | 'local'> & { readonly cache: Cache<'local'> } {
  const clock = virtualClock()
  const local = memory({ clock })
  return { clock, local, cache: createCache({ ...terms, clock, storages: { local } }) }
}

/** Resolves after so long on a clock. */
export function wait(clock: VirtualClock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => void clock.after(milliseconds, resolve))
}

/** How a call ended, and how many milliseconds after it was made. */
export type Outcome<Value> =
  | { readonly value: Value; readonly after: number }
  | { readonly error: unknown; readonly after: number }

/** Watches a call, so that its failure is nobody's surprise and its moment is known. */
export function outcomeOf<Value>(clock: VirtualClock, call: Promise<Value>): Promise<Outcome<Value>> {
  const asked = clock.now()
  return call.then(
    (value) => ({ value, after: clock.now() - asked }),
    (error: unknown) => ({ error, after: clock.now() - asked }),
  )
}

/** What a call answers that needs no time to pass. */
export async function soon<Value>(clock: VirtualClock, call: Promise<Value>): Promise<Value> {
  // It may fail before anybody awaits it.
  call.catch(() => {})
  await clock.advance(0)
  return call
}

/** The same several times. */
export function times<Value>(count: number, value: Value): Value[] {
  return Array.from({ length: count }, () => value)
}

/** What has come of some calls by now; those under way are `'under way'`. */
export function watch<Value>(clock: VirtualClock, calls: readonly Promise<Value>[]): (Outcome<Value> | 'under way')[] {
  const outcomes: (Outcome<Value> | 'under way')[] = calls.map(() => 'under way')
  for (const [index, call] of calls.entries()) {
    void outcomeOf(clock, call).then((outcome) => (outcomes[index] = outcome))
  }
  return outcomes
}

/** What a cache tells, in short sentences, in the order it is told. */
export function storyOf(cache: Pick<Cache, 'on'>): string[] {
  const story: string[] = []
  const last = (key: string): string => key.slice(key.lastIndexOf(':') + 1)
  cache.on('hit', ({ key, tier, stale }) => story.push(`${last(key)}: ${stale ? 'stale ' : ''}hit ${tier}`))
  cache.on('miss', ({ key }) => story.push(`${last(key)}: miss`))
  cache.on('load', ({ key }) => story.push(`${last(key)}: load`))
  cache.on('loadFailure', ({ key, error }) => story.push(`${last(key)}: load failed: ${(error as Error).message}`))
  cache.on('write', ({ key }) => story.push(`${last(key)}: write`))
  cache.on('writeRefused', ({ key, reason }) => story.push(`${last(key)}: write refused by ${reason}`))
  cache.on('writeFailure', ({ key, error }) => story.push(`${last(key)}: not kept: ${String(codeOf(error))}`))
  cache.on('storageFailure', ({ storage, operation }) => story.push(`${storage} failed: ${operation}`))
  cache.on('unreadable', ({ key, storage }) => story.push(`${last(key)}: unreadable in ${storage}`))
  return story
}

/** What a storage was asked, in order; empties the list. */
export function operationsOf(storage: FaultyStorage): StorageOperation[] {
  return storage.calls.splice(0).flatMap(({ operation }) => (isBeginning(operation) ? [] : [operation]))
}

/** What stands in a storage under a key, as JSON says it. */
export async function storedIn(storage: SimpleStorage, key: string): Promise<unknown> {
  const [stored] = await storage.getMany([key])
  return stored && (JSON.parse(new TextDecoder().decode(stored.payload)) as unknown)
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code
}

function isBeginning(operation: StorageOperation): boolean {
  return operation === 'open' || operation === 'now'
}
