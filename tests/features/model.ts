import {
  type Cache,
  type CacheNode,
  createCache,
  defineScopes,
  memory,
  type Selector,
  type Storage,
  type StoredItem,
} from 'tiercel'
import { seededChance, type SimpleStorage, simpleStorage, type VirtualClock, virtualClock } from 'tiercel/testing'

/*
 * A program of the model: what callers do, in which order, and how time passes in between. It runs against two caches
 * that share one storage (A with memory above it, B without), over a source that stamps each value when its load
 * begins. The oracle knows nothing of tiers or flights; it knows stamps:
 *
 * - once an invalidation or a set has resolved, nothing stamped before it may come back (promise 2)
 * - a load may begin beside another of its key only if something cut between them (promise 1)
 * - whatever happens, every call settles, and every key can be loaded afterwards (promises 3 and 4)
 * - nothing is served that has expired, and memory stays within its bounds (promise 6)
 */

export type Who = 'a' | 'b'

export type Step =
  | {
      readonly do: 'get' | 'set' | 'invalidate' | 'expire' | 'refresh' | 'has'
      readonly who: Who
      readonly key: number
    }
  | { readonly do: 'getMany'; readonly who: Who; readonly keys: readonly number[] }
  | { readonly do: 'clear' | 'invalidateAll'; readonly who: Who }
  | {
      readonly do: 'invalidateMany' | 'expireMany'
      readonly who: Who
      /** Which of the keys: by their tag or their scope, if they have any. */
      readonly which: Which
    }
  | { readonly do: 'loseMarkers' }
  | { readonly do: 'load'; readonly takes: number; readonly fails: boolean }
  | { readonly do: 'storage'; readonly takes: number; readonly answers: number }
  | { readonly do: 'outage'; readonly kind: 'fails' | 'hangs' | 'none' }
  | { readonly do: 'pass'; readonly milliseconds: number }

export type Which = 'all' | 'even' | 'odd'

export interface Terms {
  /** What the entries carry: nothing, tags from the params, tags from the result, or a scope. */
  readonly labels: 'none' | 'known' | 'late' | 'scope'
  readonly seed: number
  /** What is below: a storage that leases, one that doesn't, or nothing but memory. */
  readonly tiers: 'leasing' | 'plain' | 'memory'
  readonly staleWhileRevalidate: number
  readonly staleIfError: number
}

interface Value {
  readonly key: number
  readonly stamp: number
}

interface Load {
  readonly key: number
  readonly began: number
  /** Its moment in time, and in the story. */
  at: number
  ended: number
  written: boolean
}

interface Made {
  /** When the value was there to be cached. */
  readonly at: number
}

export const keyCount = 3
const scopes = defineScopes({ half: { param: 'half' } })
const maxEntries = 2
const ttl = 400
const copyTtl = 120
const hardLimit = 300
const timeLimit = 100

// The ttl, less the most that jitter (a fifth) and the unknown part of a slow storage's clock (twice 80 ms) take away.
const surelyFresh = 140

/** Runs a program and returns what was wrong, in sentences. */
export async function violations(steps: readonly Step[], terms: Terms): Promise<readonly string[]> {
  const world = new World(terms)
  for (const step of steps) await world.take(step)
  return world.end()
}

class World {
  readonly #clock: VirtualClock = virtualClock()
  readonly #terms: Terms
  readonly #found: string[] = []
  readonly #pending = new Set<Promise<unknown>>()
  readonly #storage: SimpleStorage
  readonly #caches: Record<Who, Cache<string, typeof scopes.tree>>
  readonly #nodes: Record<Who, CacheNode<number, Value>>
  readonly #memory
  readonly #made = new Map<number, Made>()
  /** By cache and key: nothing stamped at or before it may come back. */
  readonly #floors = new Map<string, number>()
  /** By key: what A has overruled and B may not know yet. */
  readonly #floorsFromA = new Map<number, number>()
  /** Operations of the storage under way. */
  readonly #operations: Record<Who, number> = { a: 0, b: 0 }
  /** The same, whoever asks, of what the storage may hold in the end. */
  readonly #finalFloors = new Map<number, number>()
  /** Calls under way, by cache and key: the moments of the story at which they were made. */
  readonly #underWay = new Map<string, Set<number>>()
  /** Loads that run, by cache and key, with the moment of the story and the time at which they began. */
  readonly #running = new Map<string, { readonly began: number; readonly at: number }>()
  /** By stamp. */
  readonly #loads = new Map<number, Load>()
  /** By cache and key: changes that have been called so far, and those under way. */
  readonly #called = new Map<string, number>()
  readonly #open = new Map<string, number>()
  #stamp = 0
  #moment = 0
  #load = { takes: 0, fails: false }
  #delay = { takes: 0, answers: 0 }
  #outage: 'fails' | 'hangs' | 'none' = 'none'
  #hadOutage = false
  #hadChange = false

  constructor(terms: Terms) {
    this.#terms = terms
    this.#storage = simpleStorage({ clock: this.#clock })
    this.#memory = memory({ clock: this.#clock, maxEntries })
    const common = { clock: this.#clock, prefix: 'model', scopes }
    const a = createCache({
      ...common,
      chance: seededChance(terms.seed),
      storages: { local: this.#memory, shared: this.#slowed('a', this.#storage) },
      tiers:
        terms.tiers === 'memory'
          ? [{ storage: 'local' }]
          : [
              { storage: 'local', ttl: copyTtl },
              { storage: 'shared', timeLimit },
            ],
    })
    const b = createCache({
      ...common,
      chance: seededChance(terms.seed + 1),
      storages: { shared: this.#slowed('b', this.#storage.another()) },
      tiers: [{ storage: 'shared', timeLimit }],
    })
    this.#caches = { a, b }
    this.#nodes = { a: this.#node('a', a), b: this.#node('b', b) }
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'load':
        this.#load = step
        break
      case 'storage':
        this.#delay = step
        break
      case 'outage':
        this.#outage = step.kind
        this.#hadOutage ||= step.kind !== 'none'
        break
      case 'pass':
        await this.#clock.advance(step.milliseconds)
        this.#spread()
        break
      case 'get':
        this.#read(step.who, [step.key], (node) => node.get(step.key).then((value) => [value]))
        break
      case 'refresh':
        this.#hadChange = true
        // What was made before the call is not what was asked for.
        this.#read(step.who, [step.key], (node) => node.refresh(step.key).then((value) => [value]), this.#stamp)
        break
      case 'getMany':
        this.#read(step.who, step.keys, (node) => node.getMany(step.keys))
        break
      case 'has':
        this.#own(this.#nodes[step.who].has(step.key))
        break
      case 'set': {
        const value = this.#value(step.key)
        this.#change(step.who, [step.key], value.stamp - 1, (node) => node.set(step.key, value))
        break
      }
      case 'invalidate':
        this.#change(step.who, [step.key], this.#stamp, (node) => node.invalidate(step.key))
        break
      case 'invalidateAll':
        this.#change(step.who, everyKey, this.#stamp, (node) => node.invalidateAll())
        break
      case 'clear':
        this.#change(step.who, everyKey, this.#stamp, () => this.#caches[step.who].clear())
        break
      case 'invalidateMany':
        this.#change(step.who, keysOf[step.which], this.#stamp, () =>
          this.#caches[step.who].invalidate(this.#selector(step.which)),
        )
        break
      case 'expireMany': {
        const { staleWhileRevalidate, staleIfError } = this.#terms
        const floor = staleWhileRevalidate + staleIfError === 0 ? this.#stamp : 0
        this.#change(step.who, keysOf[step.which], floor, () =>
          this.#caches[step.who].expire(this.#selector(step.which)),
        )
        break
      }
      case 'loseMarkers':
        // As if they had been evicted: whatever carries one is loaded anew.
        this.#hadChange = true
        await this.#storage.clear('model:#')
        break
      case 'expire': {
        // What may be served stale may come back; what may not is as good as invalidated.
        const { staleWhileRevalidate, staleIfError } = this.#terms
        const floor = staleWhileRevalidate + staleIfError === 0 ? this.#stamp : 0
        this.#change(step.who, [step.key], floor, (node) => node.expire(step.key))
        break
      }
    }
    // What was called begins before the next step, or a later one could not overtake it.
    await Promise.resolve()
    if (this.#memory.stats().entryCount > maxEntries) this.#found.push(`memory holds more than ${maxEntries} entries`)
  }

  async end(): Promise<readonly string[]> {
    this.#outage = 'none'
    this.#delay = { takes: 0, answers: 0 }
    this.#load = { takes: 0, fails: false }
    await this.#clock.advance(100_000)
    if (this.#pending.size > 0) this.#found.push(`${this.#pending.size} calls never settled`)
    await this.#checkStorage()
    for (const who of ['a', 'b'] as const) {
      for (const key of everyKey) this.#read(who, [key], (node) => node.get(key).then((value) => [value]))
      await this.#clock.advance(10_000)
    }
    if (this.#pending.size > 0) this.#found.push('a key is stuck')
    await Promise.all([this.#caches.a.close(), this.#caches.b.close()])
    return this.#found
  }

  #node(who: Who, cache: Cache<string, typeof scopes.tree>): CacheNode<number, Value> {
    const { staleWhileRevalidate, staleIfError, labels } = this.#terms
    const tagsOf = (key: number): Which[] => ['all', key % 2 === 0 ? 'even' : 'odd']
    const reach: Readonly<Record<Terms['labels'], object>> = {
      none: {},
      known: { tags: (key: number) => tagsOf(key) },
      late: { tags: (_: number, value: Value) => tagsOf(value.key) },
      scope: { scope: 'half' as const, scopeParams: (key: number) => ({ half: key % 2 }) },
    }
    return cache.node({
      name: 'n',
      ...reach[labels],
      key: (key: number) => key,
      load: (key) => this.#loadOne(who, key),
      ttl,
      staleWhileRevalidate,
      staleIfError,
      jitter: 0.2,
      limits: { hard: hardLimit },
      lease: { ttl: 10_000, wait: 50_000, retryEvery: 7 },
    })
  }

  #selector(which: Which): Selector<typeof scopes.tree> {
    if (this.#terms.labels !== 'scope') return { tags: [which] }
    return which === 'all' ? { node: 'n' } : { scope: { half: which === 'even' ? 0 : 1 } }
  }

  async #loadOne(who: Who, key: number): Promise<Value> {
    const at = `${who}${key}`
    const value = this.#value(key)
    const { takes, fails } = this.#load
    const began = ++this.#moment
    this.#checkAlone(who, key)
    this.#running.set(at, { began, at: this.#clock.now() })
    const load: Load = { key, began, at: Infinity, ended: Infinity, written: false }
    this.#loads.set(value.stamp, load)
    await this.#wait(takes)
    load.ended = ++this.#moment
    load.at = this.#clock.now()
    if (this.#running.get(at)?.began === began) this.#running.delete(at)
    if (fails) throw new Error('the source failed')
    this.#made.set(value.stamp, { at: this.#clock.now() })
    return value
  }

  // Where nothing cuts, there is one load of a key at a time, in both processes.
  #checkAlone(who: Who, key: number): void {
    if (this.#hadChange || this.#hadOutage || this.#terms.tiers !== 'leasing') return
    for (const load of this.#loads.values()) {
      // What the storage has taken answers whoever claims, for as long as it is fresh beyond doubt.
      if (load.key === key && load.written && this.#clock.now() < load.at + surelyFresh) {
        this.#found.push(`${who} loads key ${key}, which has been loaded and written`)
      }
    }
    for (const other of ['a', 'b'] as const) {
      const running = this.#running.get(`${other}${key}`)
      // One that passed its hard limit runs on for nobody.
      if (running === undefined || this.#clock.now() >= running.at + hardLimit) continue
      this.#found.push(`${who} loads key ${key}, which ${other} is loading`)
    }
  }

  // Where something does, of two loads of a key at a time at most one is written.
  #checkWritten(item: StoredItem): void {
    const { stamp, key } = JSON.parse(new TextDecoder().decode(item.payload)) as Value
    const load = this.#loads.get(stamp)
    if (load === undefined || (this.#hadOutage && this.#terms.tiers !== 'leasing')) return
    for (const [otherStamp, other] of this.#loads) {
      if (otherStamp === stamp || other.key !== key || !other.written) continue
      if (other.began < load.ended && load.began < other.ended)
        this.#found.push(`two loads of key ${key} at a time were written`)
    }
    load.written = true
  }

  #value(key: number): Value {
    const value = { key, stamp: ++this.#stamp }
    this.#made.set(value.stamp, { at: this.#clock.now() })
    return value
  }

  #read(
    who: Who,
    keys: readonly number[],
    ask: (node: CacheNode<number, Value>) => Promise<readonly Value[]>,
    atLeast = 0,
  ): void {
    const asked = this.#clock.now()
    // A call may join a flight that began before another process invalidated: then only its own process's word counts.
    const floors = keys.map((key) => Math.max(atLeast, this.#floors.get(`${who}${key}`) ?? 0))
    const moment = ++this.#moment
    const calls = keys.map((key) => this.#callsOf(who, key))
    for (const those of calls) those.add(moment)
    const answer = ask(this.#nodes[who]).then(
      (values) => {
        if (values.length !== keys.length) this.#found.push(`asked for ${keys.length} and got ${values.length}`)
        for (const [index, value] of values.entries())
          this.#checkValue(who, keys[index] ?? -1, value, floors[index] ?? 0, asked)
      },
      () => {},
    )
    this.#own(
      answer.finally(() => {
        for (const those of calls) those.delete(moment)
      }),
    )
  }

  #checkValue(who: Who, key: number, value: Value, floor: number, asked: number): void {
    if (value.key !== key) this.#found.push(`${who} asked for key ${key} and got key ${value.key}`)
    if (value.stamp <= floor) {
      this.#found.push(`${who} got stamp ${value.stamp} of key ${key}, though nothing up to ${floor} may come back`)
    }
    const { at } = this.#made.get(value.stamp) ?? { at: 0 }
    const { staleWhileRevalidate, staleIfError } = this.#terms
    if (at < asked && asked >= at + ttl + Math.max(staleWhileRevalidate, staleIfError)) {
      this.#found.push(`${who} got a value of key ${key} that was ${asked - at} ms old`)
    }
  }

  #change(
    who: Who,
    keys: readonly number[],
    floor: number,
    change: (node: CacheNode<number, Value>) => Promise<unknown>,
  ): void {
    this.#hadChange = true
    const other = who === 'a' ? 'b' : 'a'
    const begun = keys.map((key) => ({
      key,
      // Of two processes that change a key at once either may come last.
      calls: this.#called.get(`${other}${key}`) ?? 0,
      alone: (this.#open.get(`${other}${key}`) ?? 0) === 0,
    }))
    for (const key of keys) {
      count(this.#called, `${who}${key}`, 1)
      count(this.#open, `${who}${key}`, 1)
    }
    const changed = change(this.#nodes[who]).then(
      () => {
        for (const { key, calls, alone } of begun) {
          if (alone && calls === (this.#called.get(`${other}${key}`) ?? 0)) this.#raise(who, key, floor)
        }
      },
      // It was told that it may not have happened; then nothing is promised.
      () => {},
    )
    this.#own(
      changed.finally(() => {
        for (const key of keys) {
          count(this.#open, `${who}${key}`, -1)
        }
      }),
    )
  }

  #raise(who: Who, key: number, floor: number): void {
    const raise = <Key>(floors: Map<Key, number>, at: Key): void =>
      void floors.set(at, Math.max(floors.get(at) ?? 0, floor))
    raise(this.#floors, `${who}${key}`)
    if (this.#terms.tiers !== 'leasing' || this.#hadOutage) return
    raise(this.#finalFloors, key)
    if (who === 'a') raise(this.#floorsFromA, key)
  }

  // B keeps no copies: what A has invalidated is gone for it too, once the flights of B from before are over.
  #spread(): void {
    if (this.#operations.b > 0) return
    for (const [key, floor] of this.#floorsFromA) {
      if (this.#running.has(`b${key}`) || this.#callsOf('b', key).size > 0) continue
      this.#floors.set(`b${key}`, Math.max(this.#floors.get(`b${key}`) ?? 0, floor))
      this.#floorsFromA.delete(key)
    }
  }

  async #checkStorage(): Promise<void> {
    // What carries a version that was overruled may lie there for as long as it lives: nobody can use it.
    if (this.#terms.labels !== 'none') return
    for (const key of everyKey) {
      const [stored] = await this.#storage.getMany([`model:n:${key}`])
      if (stored === undefined) continue
      const { stamp } = JSON.parse(new TextDecoder().decode(stored.payload)) as Value
      const floor = this.#finalFloors.get(key) ?? 0
      if (stamp <= floor)
        this.#found.push(`the storage ended with stamp ${stamp} of key ${key}, though ${floor} was overruled`)
    }
  }

  #callsOf(who: Who, key: number): Set<number> {
    const calls = this.#underWay.get(`${who}${key}`) ?? new Set()
    this.#underWay.set(`${who}${key}`, calls)
    return calls
  }

  #own(promise: Promise<unknown>): void {
    const owned: Promise<unknown> = promise
      .catch(() => {})
      .finally(() => {
        this.#pending.delete(owned)
      })
    this.#pending.add(owned)
  }

  #wait(milliseconds: number): Promise<void> {
    if (milliseconds === 0) return Promise.resolve()
    return new Promise((resolve) => {
      if (milliseconds !== Infinity) this.#clock.after(milliseconds, resolve)
    })
  }

  // A storage whose calls take time before they are carried out, and again before they are answered.
  #slowed(who: Who, storage: SimpleStorage): Storage {
    const slowed =
      <Arguments extends unknown[], Answer>(operation: (...parameters: Arguments) => Promise<Answer>) =>
      async (...parameters: Arguments): Promise<Answer> => {
        const { takes, answers } = this.#delay
        if (this.#outage === 'fails') throw new Error('the storage failed')
        this.#operations[who]++
        if (this.#outage === 'hangs') await this.#wait(Infinity)
        await this.#wait(takes)
        const answer = await operation(...parameters)
        await this.#wait(answers)
        this.#operations[who]--
        return answer
      }
    const { leases, markers, scan } = storage.capabilities
    return {
      kind: storage.kind,
      type: storage.type,
      capabilities: {
        scan,
        markers: {
          ensureMany: slowed((wanted) => markers.ensureMany(wanted)),
          changeMany: slowed((changes) => markers.changeMany(changes)),
        },
        ...(this.#terms.tiers === 'leasing' && {
          leases: {
            claimMany: slowed((claims) => leases.claimMany(claims)),
            renewMany: slowed((renewals) => leases.renewMany(renewals)),
            fulfilMany: slowed(async (items) => {
              const written = await leases.fulfilMany(items)
              for (const [index, item] of items.entries()) if (written[index] === true) this.#checkWritten(item)
              return written
            }),
            releaseMany: slowed((released) => leases.releaseMany(released)),
          },
        }),
      },
      open: () => storage.open(),
      getMany: slowed((keys) => storage.getMany(keys)),
      setMany: slowed(async (items) => {
        for (const item of items) this.#checkWritten(item)
        await storage.setMany(items)
      }),
      expireMany: slowed((keys) => storage.expireMany(keys)),
      deleteMany: slowed((keys) => storage.deleteMany(keys)),
      clear: slowed((prefix) => storage.clear(prefix)),
      close: () => storage.close(),
    }
  }
}

function count<Key>(counts: Map<Key, number>, at: Key, change: number): void {
  counts.set(at, (counts.get(at) ?? 0) + change)
}

const everyKey = Array.from({ length: keyCount }, (_, key) => key)

const keysOf: Readonly<Record<Which, readonly number[]>> = {
  all: everyKey,
  even: everyKey.filter((key) => key % 2 === 0),
  odd: everyKey.filter((key) => key % 2 === 1),
}
