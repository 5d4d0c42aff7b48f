import { FrequencySketch } from '../structures/frequency-sketch.ts'
import { grownBytes } from '../structures/grown.ts'
import { SlotHashes } from '../structures/slot-hashes.ts'
import { SlotLists } from '../structures/slot-lists.ts'
import type { Policy } from './policy.ts'
import { smallCapacity, WindowClimber } from './window-climber.ts'

/**
 * An adaptive W-TinyLFU (G. Einziger, R. Friedman, B. Manes, "TinyLFU: a highly efficient cache admission policy",
 * ACM Transactions on Storage 2017), the policy Caffeine made popular.
 *
 * **The idea.** A newcomer enters a small *window*. When it is pushed out of there it must show that it is asked for
 * more often than the one that would have to go for it: a sketch remembers, in a few bits, how often keys were seen
 * lately, including those that aren't kept. The *main* space has a part on probation, where the admitted begin and the
 * next victim waits, and a protected part for what was used again. So a scan passes through the window and harms
 * nothing, and what is popular stays.
 *
 * **How it differs.** The size of the window is found by {@link WindowClimber}. And a hit does next to nothing: it
 * bumps a count in the entry's mark. Moves within lists and additions to the sketch are caught up on when the entry
 * reaches a tail, as CLOCK does it. That costs a tenth of a point of hit ratio and makes a hit cheaper than an
 * LRU's. Counters age more slowly than Caffeine's (28 times the capacity, not 10), which helps wherever popularity
 * lasts; where it doesn't, a shift is noticed and ages them at once.
 *
 * **Attacks.** Someone who knows the hash could make their keys look popular, or a rival's victim always win: the
 * hash is seeded by the cache, and now and then one is admitted by chance that the sketch would turn away.
 *
 * No call takes more than a bounded number of steps.
 */
export class TinyLfu implements Policy {
  readonly name = 'tinylfu'
  readonly #lists = new SlotLists(4)
  readonly #sketch = new FrequencySketch()
  readonly #climber = new WindowClimber()
  // Bits 0 and 1: the list it is in. The rest: uses since they were last counted.
  #marks = new Uint8Array(0)
  // Of an entry in the window: how often it had been seen when that was last counted, 0 to 15.
  #seen = new Uint8Array(0)
  readonly #hashes: SlotHashes
  // The victim that candidates were compared with last, and how often it had been seen; -1 when that isn't known.
  #rival = -1
  #rivalSeen = 0
  #limit = Infinity
  // How many entries we reckon with: those that have been kept, not those that may be.
  #capacity = 0
  // The window's part of them.
  #quota = 1
  #untilCheck = 1
  #hits = 0
  #mainHits = 0
  #misses = 0
  #random: number

  /**
   * @param seed for chance; any 32 bits
   * @param hashes where the hashes of the keys are kept, when somebody else keeps them too
   */
  constructor(seed: number, hashes: SlotHashes = new SlotHashes()) {
    this.#hashes = hashes
    this.#random = seed | 1
    this.#reckonWith(smallestCapacity)
  }

  get size(): number {
    return this.#lists.size(window) + this.#mainSize
  }

  /** The share of the cache that newcomers have to themselves now. */
  get windowShare(): number {
    return this.#climber.share
  }

  reserve(slots: number): void {
    this.#lists.reserve(slots)
    this.#marks = grownBytes(this.#marks, slots)
    this.#seen = grownBytes(this.#seen, slots)
    this.#hashes.reserve(slots)
  }

  resize(capacity: number): void {
    this.#limit = capacity
    this.#reckonWith(Math.min(capacity, Math.max(this.#capacity, this.size)))
  }

  touch(slot: number): void {
    const mark = this.#marks[slot] ?? 0
    this.#hits++
    // No branch: where both are asked for, no processor could foretell which.
    this.#mainHits += (mark & mainBit) >> 1
    if (mark < highestMark) this.#marks[slot] = mark + oneUse
  }

  add(slot: number, hash: number): void {
    if (this.#capacity < this.#limit && this.size >= this.#capacity) {
      this.#reckonWith(Math.min(this.#limit, this.#capacity * 2))
    }
    this.#count(slot, hash)
    this.#put(window, slot)
    if (this.#lists.size(window) > this.#quota) this.#move(this.#windowTail(), probation)
  }

  evict(): number {
    if (--this.#untilCheck <= 0) this.#adapt()
    return this.#evict()
  }

  #evict(): number {
    const quota = this.#quota
    for (let moved = 0; this.#lists.size(window) > quota && moved < mostSteps; moved++) {
      this.#move(this.#windowTail(), probation)
    }
    if (this.#mainSize === 0) return this.#drop(this.#windowTail())
    // A newcomer is about to enter the window; if that has no room, its oldest must find a place in the main space.
    if (this.#lists.size(window) < quota) return this.#displace(this.#victim())
    const candidate = this.#windowTail()
    const victim = this.#victim()
    if (!this.#admits(candidate, victim)) return this.#reject(candidate)
    this.#move(candidate, probation)
    return this.#displace(victim)
  }

  choose(): number {
    if (--this.#untilCheck <= 0) this.#adapt()
    const oldest = this.#lists.tail(window)
    if (this.#lists.size(window) !== this.#quota || !this.#isLight(oldest)) return this.#evict()
    this.#climber.reject(this.#hashOf(oldest))
    return oldest
  }

  refill(slot: number, hash: number): void {
    // Somebody else than the window's oldest has gone.
    if (this.#lists.tail(window) !== slot) return this.add(slot, hash)
    this.#count(slot, hash)
    this.#lists.tailToHead(window)
  }

  remove(slot: number): void {
    this.#drop(slot)
  }

  clear(): void {
    this.#lists.clear()
    this.#rival = -1
    this.#sketch.clear()
    this.#climber.clear()
    this.#reckonWith(this.#capacity)
    this.#beginSample()
  }

  *order(): IterableIterator<number> {
    yield* this.#lists.fromTail(probation)
    yield* this.#lists.fromTail(window)
    yield* this.#lists.fromTail(protectedOnes)
  }

  check(): number[] {
    const slots: number[] = []
    for (const list of [window, probation, protectedOnes]) {
      const inList = this.#lists.check(list)
      for (const slot of inList) {
        if (((this.#marks[slot] ?? 0) & listBits) !== list)
          throw new Error(`slot ${slot} is in list ${list} and says otherwise`)
      }
      slots.push(...inList)
    }
    if (this.#limit !== Infinity && this.#capacity > this.#limit) throw new Error('reckons with more than the limit')
    return slots
  }

  get #mainSize(): number {
    return this.#lists.size(probation) + this.#lists.size(protectedOnes)
  }

  #reckonWith(capacity: number): void {
    this.#capacity = capacity
    const words = capacity <= smallCapacity ? capacity * 16 : Math.max(smallCapacity * 16, capacity * 0.65)
    this.#sketch.reserve(words, capacity * agingPeriod)
    this.#climber.resize(capacity)
    this.#quota = Math.max(1, Math.round(capacity * this.#climber.share))
  }

  #count(slot: number, hash: number): void {
    this.#misses++
    const seen = this.#sketch.add(hash, 1)
    this.#seen[slot] = seen
    // What is seen for the first time can't have gone before.
    if (seen > 1) this.#climber.miss(hash)
    this.#hashes.of[slot] = hash
  }

  // What the rest of `evict` would find out too, for the case that is by far the most frequent: the window's oldest has
  // not been used, and was seen no more often than its rival, who hasn't been used since either.
  #isLight(oldest: number): boolean {
    if (this.#marks[oldest] !== window) return false
    const seen = this.#seen[oldest] ?? 0
    if (seen >= admittedByChanceFrom) return false
    const rival = this.#rival
    return (
      rival >= 0 && seen <= this.#rivalSeen && this.#marks[rival] === probation && this.#lists.tail(probation) === rival
    )
  }

  // Only ever called when the cache is full, by number or by weight: what is here now is what fits.
  #adapt(): void {
    this.#untilCheck = evictionsPerCheck
    // Counters age, and are shared: it must be asked for again now and then.
    this.#rival = -1
    const requests = this.#hits + this.#misses
    if (!this.#climber.isDue(requests, this.size)) return
    const counts = { windowHits: this.#hits - this.#mainHits, mainHits: this.#mainHits, misses: this.#misses }
    const sizes = { window: this.#lists.size(window), main: this.#mainSize }
    if (this.#climber.noticesShift(counts, sizes)) this.#sketch.age()
    else if (!this.#climber.climb(counts, sizes)) return
    this.#reckonWith(this.size)
    this.#beginSample()
  }

  #beginSample(): void {
    this.#hits = 0
    this.#mainHits = 0
    this.#misses = 0
  }

  // The window's oldest that wasn't used since it was last looked at; those that were begin again at its head.
  #windowTail(): number {
    for (let steps = 0; ; steps++) {
      const slot = this.#lists.tail(window)
      if (!this.#countUses(slot) || steps >= mostSteps) return slot
      this.#lists.moveToHead(window, slot)
    }
  }

  // Who has been on probation longest without being used; those that were are protected from now on.
  #victim(): number {
    for (let steps = 0; ; steps++) {
      const slot = this.#lists.tail(probation)
      if (slot < 0) return this.#lists.tail(protectedOnes)
      if (!this.#countUses(slot) || steps >= mostSteps) return slot
      this.#move(slot, protectedOnes)
      this.#demote()
    }
  }

  #demote(): void {
    const most = (this.#capacity - this.#quota) * protectedShare
    for (let steps = 0; this.#lists.size(protectedOnes) > most && steps < demotionsPerCall; steps++) {
      const slot = this.#lists.tail(protectedOnes)
      if (this.#countUses(slot)) this.#lists.moveToHead(protectedOnes, slot)
      else this.#move(slot, probation)
    }
  }

  #admits(candidate: number, victim: number): boolean {
    const wanted = this.#seen[candidate] ?? 0
    if (victim !== this.#rival) this.#rivalSeen = this.#sketch.estimate(this.#hashOf(victim))
    this.#rival = victim
    if (wanted > this.#rivalSeen) return true
    return wanted >= admittedByChanceFrom && this.#isLucky()
  }

  #isLucky(): boolean {
    this.#random ^= this.#random << 13
    this.#random ^= this.#random >>> 17
    this.#random ^= this.#random << 5
    return (this.#random & 127) === 0
  }

  // Puts into the sketch what an entry's mark has gathered. @returns whether there was anything
  #countUses(slot: number): boolean {
    const mark = this.#marks[slot] ?? 0
    const uses = mark >>> 2
    if (uses === 0) return false
    this.#seen[slot] = this.#sketch.add(this.#hashOf(slot), uses)
    this.#marks[slot] = mark & listBits
    if (slot === this.#rival) this.#rival = -1
    return true
  }

  #reject(slot: number): number {
    this.#climber.reject(this.#hashOf(slot))
    return this.#drop(slot)
  }

  #displace(slot: number): number {
    this.#climber.displace(this.#hashOf(slot))
    return this.#drop(slot)
  }

  #put(list: number, slot: number): void {
    this.#marks[slot] = list
    this.#lists.pushHead(list, slot)
  }

  #move(slot: number, list: number): void {
    this.#drop(slot)
    this.#put(list, slot)
  }

  #drop(slot: number): number {
    this.#lists.remove((this.#marks[slot] ?? 0) & listBits, slot)
    if (slot === this.#rival) this.#rival = -1
    return slot
  }

  #hashOf(slot: number): number {
    return this.#hashes.of[slot] ?? 0
  }
}

const window = 0
const probation = 2
const protectedOnes = 3

const listBits = 3
const mainBit = 2
const oneUse = 4
const highestMark = 252

const protectedShare = 0.8
const agingPeriod = 28
const mostSteps = 64
const demotionsPerCall = 8
const evictionsPerCheck = 64
const smallestCapacity = 64

// A key this popular may be the target of somebody who keeps its rivals popular.
const admittedByChanceFrom = 6
