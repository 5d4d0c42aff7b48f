import type { Cache } from '../../client/cache.ts'
import { createCache } from '../../client/create-cache.ts'
import type { CacheNode } from '../../core/node.ts'
import { defineScopes } from '../../core/reach/scopes.ts'
import { memory, type MemoryCache } from '../../local/memory-cache.ts'
import { seededChance } from '../seeded-chance.ts'
import { DataLine } from './data-line.ts'
import { FeedLine } from './feed-line.ts'
import { Floors, higher, type Overruled, type Stamped } from './oracle.ts'
import type { World } from './world.ts'

// Longer than three of the slowest round trips, as opening takes: only what is in trouble takes longer.
const timeLimit = 400

const scopes = defineScopes({ tenant: { param: 'tenant' } })
const hardLimit = 300
const blindTtl = 40
const ttl = 1_500
const copyTtl = 5_000

// What was served in an emergency may still be, so long after.
const grace = timeLimit + blindTtl + hardLimit

/** One process of a fleet, from its start to its death: a production cache, and its lines to the storages. */
export class Member {
  readonly name: string
  readonly dataLine: DataLine
  /** Absent where the server tells nothing. */
  readonly feedLine: FeedLine | undefined
  readonly local: MemoryCache
  readonly cache: Cache<string>
  readonly node: CacheNode<number, Stamped>
  /** What may not come back, come what may. */
  readonly told: Floors = new Floors()
  /** What may not come back, unless the server can't be asked. */
  readonly known: Floors = new Floors()
  /** Calls that have not been answered. */
  readonly pending: Set<Promise<unknown>> = new Set()
  isDead = false
  /** What its changes overruled that the server did not confirm: holds here at once, and in the end for everybody. */
  readonly unconfirmed: { readonly key: number; readonly floor: Overruled }[] = []
  readonly #world: World
  readonly #diskLine: DataLine
  /** By key: calls and loads under way. */
  readonly #busy = new Map<number, number>()
  /** By key: how many sets the server had carried out when it last deleted the key for this process. */
  readonly #deleted = new Map<number, number>()

  /** @param life how often this process has been started before */
  constructor(world: World, number: number, life: number) {
    const { terms, dice } = world
    const skew = terms.skews[number] ?? 0
    const clock = { now: () => world.clock.now() + skew, after: world.clock.after.bind(world.clock) }
    const server = world.reachServer((key) => this.#noteDeleted(key))
    const { feed } = world.server.capabilities
    this.#world = world
    this.name = life === 0 ? `process ${number}` : `process ${number} (life ${life + 1})`
    this.dataLine = new DataLine(world.clock, dice, terms.delays)
    this.#diskLine = new DataLine(world.clock, dice, [0, 0, 0, 1])
    if (feed !== undefined && terms.feed !== undefined) {
      this.feedLine = new FeedLine(feed, world.clock, dice, terms.feed.delays, 0.03)
      this.feedLine.onUnbroken = (isFirst) => this.#learn(isFirst)
    }
    const over = this.dataLine.over(server)
    this.local = memory({ clock, maxEntries: 100, seed: world.seed })
    this.cache = createCache({
      clock,
      chance: seededChance(`${world.seed} ${number} ${life}`),
      prefix: 'fleet',
      blindTtl,
      scopes,
      storages: {
        local: this.local,
        host: this.#diskLine.over(world.reachDisk(number)),
        shared: { ...over, capabilities: { ...over.capabilities, ...(this.feedLine && { feed: this.feedLine }) } },
      },
      tiers: [
        ...(terms.tiers === 'host' ? [] : [{ storage: 'local' as const, ttl: copyTtl }]),
        ...(terms.tiers === 'memory' ? [] : [{ storage: 'host' as const, ttl: copyTtl, timeLimit }]),
        { storage: 'shared' as const, timeLimit },
      ],
    })
    const { staleWhileRevalidate, staleIfError, label } = terms
    this.node = this.cache.node({
      name: 'n',
      key: (key: number) => key,
      load: (key) => this.#load(key),
      ...(label === 'tag' && { tags: (_key: number) => ['tag'] }),
      ...(label === 'late tag' && { tags: (_key: number, _value: Stamped) => ['tag'] }),
      ...(label === 'scope' && { scope: 'tenant' as never, scopeParams: () => ({ tenant: 't' }) }),
      ttl,
      jitter: 0.2,
      staleWhileRevalidate,
      staleIfError,
      limits: { hard: hardLimit },
      lease: { ttl: 1_000, wait: terms.wait, retryEvery: 15 },
    })
  }

  /** Calls a read and judges its answers. @param atLeast nothing up to this stamp was asked for */
  read(
    what: string,
    keys: readonly number[],
    ask: (node: CacheNode<number, Stamped>) => Promise<readonly Stamped[]>,
    atLeast = 0,
  ): void {
    const { clock, oracle, terms } = this.#world
    const at = clock.now()
    const asked = keys.map((key) => ({ key, told: this.told.of(key), known: this.#knownOf(key) }))
    this.#world.tell?.(`${this.name} ${what} ${keys.join()}`)
    this.call(keys, ask(this.node), (values) => {
      if (values.length !== keys.length)
        oracle.violations.push(`${this.name} asked for ${keys.length} and got ${values.length}`)
      const isLenient = this.#isTroubledSince(at) && terms.staleWhileRevalidate + terms.staleIfError > 0
      for (const [index, value] of values.entries()) {
        const before = asked[index]
        if (before === undefined) continue
        const { key, told, known } = before
        this.#world.tell?.(`${this.name} got ${value.stamp} of ${key}`)
        // Another process on the host may have left there what this one had overruled.
        if (!isLenient || terms.tiers === 'memory') {
          const floor = higher(isLenient ? told : known, { loads: atLeast, sets: 0 })
          oracle.judge(this.name, { key, floor }, value)
        }
        oracle.judgeAge(this.name, at, value, ttl + Math.max(terms.staleWhileRevalidate, terms.staleIfError))
      }
    })
  }

  /** Judges what can be had at once, without asking anybody. */
  peek(key: number): void {
    const value = this.node.peek(key)
    this.#world.tell?.(`${this.name} peeks ${key}: ${value?.stamp}`)
    if (value === undefined) return
    // What was loaded while the server can't be asked is kept for a moment.
    if (this.#isTroubledSince(this.#world.clock.now())) return
    const floor = higher(this.told.of(key), this.known.of(key))
    this.#world.oracle.judge(`${this.name} peeking`, { key, floor }, value)
  }

  /** What a change overrules that has deleted a key. @param loads the last stamp when it was called */
  overrules(key: number, loads: number): Overruled {
    return { loads, sets: this.#deleted.get(key) ?? 0 }
  }

  /** What is in its memory, as another process would read it: nothing of it is the same object. */
  dump(): ReturnType<MemoryCache['dump']> {
    const { format, entries } = this.local.dump()
    // What carries labels is tied to those of its process.
    return structuredClone({ format, entries: this.#world.terms.label === 'none' ? entries : [] })
  }

  /** Watches a call to its end. */
  call<Answer>(
    keys: readonly number[],
    promise: Promise<Answer>,
    onAnswer: (answer: Answer) => void,
    onFailure?: () => void,
  ): void {
    for (const key of keys) this.#occupy(key, 1)
    const watched: Promise<unknown> = promise
      .then(
        (answer) => {
          if (!this.isDead) onAnswer(answer)
        },
        (error: unknown) => {
          this.#world.tell?.(`${this.name}: ${String(error)}`)
          if (!this.isDead) onFailure?.()
        },
      )
      .finally(() => {
        this.pending.delete(watched)
        for (const key of keys) this.#occupy(key, -1)
      })
    this.pending.add(watched)
  }

  /** Ends without a word, and what it had sent with it. */
  die(): void {
    this.isDead = true
    this.dataLine.die()
    this.#diskLine.die()
    this.feedLine?.die()
  }

  // Whoever can't trust a copy asks the server, and finds what has resolved; unless it joins what began earlier.
  #knownOf(key: number): Overruled {
    const known = higher(this.told.of(key), this.known.of(key))
    const verifies = this.feedLine !== undefined && (this.feedLine.isBlind || this.#isUnfed)
    if (!verifies || !this.#isQuiet(key) || this.#isTroubledSince(this.#world.clock.now())) return known
    return higher(known, this.#world.oracle.overruled.of(key))
  }

  // It has not been told yet that its feed is followed.
  #isUnfed = true

  #learn(isFirst: boolean): void {
    this.#isUnfed = false
    this.#world.tell?.(`${this.name} hears its feed`)
    for (let key = 0; key < this.#world.terms.keys; key++) {
      const overruled = this.#world.oracle.overruled.of(key)
      // What was under way when a process began is not called off.
      if (isFirst) this.#whenQuiet(key, () => this.known.raise(key, overruled))
      else this.known.raise(key, overruled)
    }
  }

  #noteDeleted(key: number | 'all'): void {
    const { oracle, terms } = this.#world
    const keys = key === 'all' ? Array.from({ length: terms.keys }, (_, one) => one) : [key]
    for (const one of keys) this.#deleted.set(one, oracle.setCount(one))
  }

  #whenQuiet(key: number, callback: () => void): void {
    if (this.#isQuiet(key)) callback()
    else if (!this.isDead) this.#world.clock.after(5, () => this.#whenQuiet(key, callback))
  }

  #isQuiet(key: number): boolean {
    return (this.#busy.get(key) ?? 0) === 0 && this.dataLine.isIdle && this.#diskLine.isIdle
  }

  #isTroubledSince(at: number): boolean {
    return !this.dataLine.isUp || this.dataLine.troubledAt >= at - grace
  }

  #occupy(key: number, by: 1 | -1): void {
    this.#busy.set(key, (this.#busy.get(key) ?? 0) + by)
  }

  async #load(key: number): Promise<Stamped> {
    const { oracle, dice, clock, terms } = this.#world
    const load = oracle.beginLoad(key)
    const takes = dice.weighted(terms.loadTimes)
    const fails = dice.happens(terms.failing)
    this.#occupy(key, 1)
    this.#world.tell?.(`${this.name} begins to load ${key}: ${load.value.stamp}, for ${takes} ms`)
    if (takes > 0) await new Promise<void>((resolve) => void clock.after(takes, resolve))
    this.#occupy(key, -1)
    load.end()
    if (fails) throw new Error('the source failed')
    return load.value
  }
}
