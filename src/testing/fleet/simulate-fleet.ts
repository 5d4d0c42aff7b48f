import type { CacheNode } from '../../core/node.ts'
import { seededChance } from '../seeded-chance.ts'
import { Dice } from './dice.ts'
import { Member } from './member.ts'
import { nothing, type Overruled, type Stamped } from './oracle.ts'
import { someProgram, someTerms, type Step, type Terms } from './program.ts'
import { World } from './world.ts'

/** What a simulation is made of. */
export interface FleetOptions {
  /** The same seed, the same story. */
  readonly seed: number
  /** Processes that share the server. Default 3. */
  readonly processes?: number
  /** Steps of the program. Default 60. */
  readonly steps?: number
  /** What the fleet is to be like; the rest is chosen by chance. */
  readonly terms?: Partial<Omit<Terms, 'processes' | 'skews'>>
  /** Told what happens, sentence by sentence. */
  readonly tell?: (sentence: string) => void
}

/** What came of a simulation. */
export interface FleetReport {
  readonly seed: number
  readonly terms: Terms
  /** What was promised and did not hold, in sentences. */
  readonly violations: readonly string[]
  readonly readCount: number
  /** Loaded values that were kept from being written. */
  readonly refusedWriteCount: number
  /** Flights and sets that were told off by a feed. */
  readonly brokenFenceCount: number
  /** Copies about which the server was asked, since no feed had covered them. */
  readonly verifiedCopyCount: number
}

/**
 * Runs a random program on several processes that share a server: production caches in virtual time, over lines that are slow,
 * reorder what they tell, break and are mended, while processes die and start anew. An oracle that knows only when each load
 * began judges every answer.
 *
 * @example
 * const { violations } = await simulateFleet({ seed: 7 })
 */
export async function simulateFleet(options: FleetOptions): Promise<FleetReport> {
  const { seed, processes = 3, steps = 60 } = options
  const dice = new Dice(seededChance(`${seed} as planned`))
  const terms = { ...someTerms(dice, processes), ...options.terms }
  const fleet = new Fleet(new World(seed, terms, options.tell))
  for (const step of someProgram(dice, terms, steps)) await fleet.take(step)
  return fleet.end()
}

/** The processes of a world. */
class Fleet {
  readonly #world: World
  readonly #members: Member[]
  readonly #lives: number[]
  readonly #dumps: (ReturnType<Member['dump']> | undefined)[] = []
  #leavesInvalid = false
  #readCount = 0
  #refusedWriteCount = 0
  #brokenFenceCount = 0
  #verifiedCopyCount = 0

  constructor(world: World) {
    this.#world = world
    const numbers = Array.from({ length: world.terms.processes }, (_, number) => number)
    this.#lives = numbers.map(() => 0)
    this.#members = numbers.map((number) => new Member(world, number, 0))
  }

  async take(step: Step): Promise<void> {
    this.#begin(step)
    if (step.do === 'peek' || step.do === 'set') this.#dumps[step.who] = this.#members[step.who]?.dump()
    if (step.do === 'pass') await this.#world.clock.advance(step.milliseconds)
    // What was called begins before the next step, or a later one could not overtake it.
    await Promise.resolve()
  }

  async end(): Promise<FleetReport> {
    const { clock, oracle, terms, seed } = this.#world
    for (const member of this.#members) member.dataLine.mend('arrive')
    await clock.advance(1_000)
    for (const member of this.#members) member.feedLine?.mend()
    await clock.advance(60_000)
    this.#checkSettled('calls never settled')
    this.#checkConfirmed()
    await this.#checkServer()
    for (const member of this.#members) {
      for (let key = 0; key < terms.keys; key++) this.#read(member, 'gets', [key], getOne(key))
    }
    await clock.advance(10_000)
    this.#checkSettled('calls at the end never settled: a key is stuck')
    await Promise.all(this.#members.map((member) => this.#bury(member)))
    return {
      seed,
      terms,
      violations: oracle.violations,
      readCount: this.#readCount,
      refusedWriteCount: this.#refusedWriteCount,
      brokenFenceCount: this.#brokenFenceCount,
      verifiedCopyCount: this.#verifiedCopyCount,
    }
  }

  #begin(step: Step): void {
    if (step.do === 'pass') return
    if (step.do === 'delete by hand') return this.#deleteByHand(step.key)
    const member = this.#members[step.who]
    if (member === undefined) return
    const { oracle } = this.#world
    switch (step.do) {
      case 'get':
        return this.#read(member, 'gets', [step.key], getOne(step.key))
      case 'getMany':
        return this.#read(member, 'gets', step.keys, (node) => node.getMany(step.keys))
      case 'peek':
        return member.peek(step.key)
      case 'refresh':
        // What was made before the call is not what was asked for.
        return this.#read(member, 'refreshes', [step.key], refreshOne(step.key), oracle.latest)
      case 'set': {
        const value = oracle.stampSet(step.key)
        return this.#change(member, `sets ${value.stamp} as`, [step.key], (node) => node.set(step.key, value), {
          overruled: () => ({ loads: value.stamp - 1, sets: oracle.setsBefore(value) }),
        })
      }
      case 'invalidate':
        return this.#change(member, 'invalidates', [step.key], (node) => node.invalidate(step.key))
      case 'expire': {
        // What may be served stale may come back; what may not is as good as invalidated.
        const { staleWhileRevalidate, staleIfError } = this.#world.terms
        const terms =
          staleWhileRevalidate + staleIfError === 0 ? {} : { overruled: () => nothing, keeps: true as const }
        return this.#change(member, 'expires', [step.key], (node) => node.expire(step.key), terms)
      }
      case 'invalidateAll': {
        // Entries in scopes are reached by a label of their node.
        const isScoped = this.#world.terms.label === 'scope'
        this.#leavesInvalid ||= isScoped
        return this.#change(
          member,
          'invalidates all',
          this.#everyKey,
          (node) => node.invalidateAll(),
          isScoped ? { isLabel: true } : {},
        )
      }
      case 'clear':
        return this.#change(member, 'clears', this.#everyKey, () => member.cache.clear())
      case 'invalidate pattern':
        return this.#change(member, 'invalidates a pattern of', this.#everyKey, () =>
          member.cache.invalidate({ pattern: 'n:*' }),
        )
      case 'invalidate label': {
        // What carries it may stay where it is, and is worth nothing.
        this.#leavesInvalid = true
        const selector = this.#world.terms.label === 'scope' ? { scope: { tenant: 't' } } : { tags: ['tag'] }
        return this.#change(
          member,
          'invalidates the label of',
          this.#everyKey,
          () => member.cache.invalidate(selector as { readonly tags: readonly string[] }),
          { isLabel: true },
        )
      }
      case 'restart':
        return this.#restart(step)
      default:
        return this.#disturb(member, step)
    }
  }

  #disturb(member: Member, step: Step): void {
    this.#world.tell?.(`${member.name}: ${step.do}`)
    if (step.do === 'cut data') member.dataLine.cut()
    if (step.do === 'refuse data') member.dataLine.refuse()
    if (step.do === 'mend data') member.dataLine.mend(step.held)
    if (step.do === 'lose feed') member.feedLine?.lose(step.noticedAfter)
    if (step.do === 'mend feed') member.feedLine?.mend()
  }

  #read(
    member: Member,
    what: string,
    keys: readonly number[],
    ask: (node: CacheNode<number, Stamped>) => Promise<readonly Stamped[]>,
    atLeast?: number,
  ): void {
    this.#readCount += keys.length
    member.read(what, keys, ask, atLeast)
  }

  #change(
    member: Member,
    what: string,
    keys: readonly number[],
    change: (node: CacheNode<number, Stamped>) => Promise<unknown>,
    terms: { readonly overruled?: () => Overruled; readonly keeps?: true; readonly isLabel?: true } = {},
  ): void {
    const { oracle, tell } = this.#world
    const { latest } = oracle
    const sets = keys.map((key) => oracle.setCount(key))
    tell?.(`${member.name} ${what} ${keys.join()}`)
    const onDone = (): void => {
      tell?.(`${member.name} ${what} ${keys.join()}: done`)
      for (const key of keys) {
        const floor = terms.overruled?.() ?? member.overrules(key, latest)
        this.#overrule(key, floor, member, terms.isLabel)
      }
    }
    // What the server may have done or not is made up for by a delete; until then nothing of it is believed.
    const onFailure = (): void => {
      for (const [index, key] of keys.entries()) {
        const floor = { loads: terms.keeps === true ? 0 : latest, sets: terms.keeps === true ? 0 : (sets[index] ?? 0) }
        member.told.raise(key, floor)
        member.unconfirmed.push({ key, floor })
      }
    }
    member.call(keys, change(member.node), onDone, onFailure)
  }

  #deleteByHand(key: number): void {
    const { oracle, server, tell } = this.#world
    const { latest } = oracle
    tell?.(`somebody deletes ${key} by hand`)
    void server
      .deleteMany([`${this.#world.head}${key}`])
      .then(() => this.#overrule(key, { loads: latest, sets: oracle.setCount(key) }, undefined))
  }

  // Whoever made the change knows; the others when they have heard what is on its way to them.
  #overrule(key: number, floor: Overruled, by: Member | undefined, isLabel?: true): void {
    this.#world.oracle.overruled.raise(key, floor)
    by?.told.raise(key, floor)
    for (const member of this.#members) {
      if (member === by) continue
      member.feedLine?.afterHeard(() => {
        if (isLabel === undefined) member.told.raise(key, floor)
        // Whether a load under way is overtaken by a change of its label is seen by a look at the label.
        else this.#world.clock.after(this.#lookTime, () => member.known.raise(key, floor))
      })
    }
  }

  #restart({ who, restores, isDeaf }: Extract<Step, { do: 'restart' }>): void {
    const old = this.#members[who]
    const life = (this.#lives[who] ?? 0) + 1
    if (old === undefined) return
    this.#world.tell?.(`${old.name} dies${restores ? ', and what it had in memory is restored' : ''}`)
    // What it had in memory some time ago, or last.
    const dump = this.#dumps[who] ?? old.dump()
    old.die()
    this.#count(old)
    this.#lives[who] = life
    const member = new Member(this.#world, who, life)
    if (restores) member.local.restore(dump)
    if (isDeaf) member.feedLine?.lose(0)
    this.#members[who] = member
  }

  #count({ node, cache }: Member): void {
    const { brokenFenceCount = 0, verifiedCopyCount = 0 } = cache.sync()['shared'] ?? {}
    this.#refusedWriteCount += node.stats().refusedWriteCount
    this.#brokenFenceCount += brokenFenceCount
    this.#verifiedCopyCount += verifiedCopyCount
  }

  #checkSettled(what: string): void {
    for (const { name, pending } of this.#members) {
      if (pending.size > 0) this.#world.oracle.violations.push(`${name}: ${pending.size} ${what}`)
    }
  }

  #checkConfirmed(): void {
    const { oracle } = this.#world
    for (const { name, cache, unconfirmed } of this.#members) {
      const owedCount = cache.sync()['shared']?.owedCount ?? 0
      if (owedCount > 0)
        oracle.violations.push(`${name} owes the server ${owedCount} deletes, though it can be reached`)
      for (const { key, floor } of unconfirmed) oracle.overruled.raise(key, floor)
    }
  }

  async #checkServer(): Promise<void> {
    const { oracle } = this.#world
    if (this.#leavesInvalid) return
    for (const key of this.#everyKey) {
      const stored = await this.#world.stored(key)
      if (stored === undefined || !oracle.isOverruled(stored, oracle.overruled.of(key))) continue
      oracle.violations.push(`the server ended with ${stored.stamp} of key ${key}, which had been overruled`)
    }
  }

  async #bury(member: Member): Promise<void> {
    this.#count(member)
    const closed = member.cache.close().catch(() => {})
    await this.#world.clock.advance(1_000)
    await closed
  }

  get #lookTime(): number {
    return 2 * Math.max(...this.#world.terms.delays) + 1
  }

  get #everyKey(): readonly number[] {
    return Array.from({ length: this.#world.terms.keys }, (_, key) => key)
  }
}

function refreshOne(key: number): (node: CacheNode<number, Stamped>) => Promise<readonly Stamped[]> {
  return (node) => node.refresh(key).then((value) => [value])
}

function getOne(key: number): (node: CacheNode<number, Stamped>) => Promise<readonly Stamped[]> {
  return (node) => node.get(key).then((value) => [value])
}
