import { GhostList } from '../structures/ghost-list.ts'
import { grownBytes } from '../structures/grown.ts'
import { SlotHashes } from '../structures/slot-hashes.ts'
import { SlotLists } from '../structures/slot-lists.ts'
import type { Policy } from './policy.ts'

/**
 * S3-FIFO (J. Yang, Y. Zhang, Z. Qiu, Y. Yue, K. V. Rashmi, "FIFO queues are all you need for cache eviction", SOSP
 * 2023). Most newcomers are never asked for again, so they go through a small queue, a tenth of the cache, first.
 * Who was used more than once there moves to the main queue; the others go and leave a ghost, and who comes back
 * while its ghost is remembered goes to the main queue directly. The main queue spares what was used since it was
 * last looked at, up to three times.
 */
export class S3Fifo implements Policy {
  readonly name = 's3fifo'
  readonly #lists = new SlotLists(2)
  readonly #ghosts = new GhostList()
  // Bit 0: the list it is in. The rest: uses, 3 at most.
  #marks = new Uint8Array(0)
  readonly #hashes: SlotHashes
  #remembered = 0

  constructor(hashes: SlotHashes = new SlotHashes()) {
    this.#hashes = hashes
  }

  get size(): number {
    return this.#lists.size(small) + this.#lists.size(main)
  }

  reserve(slots: number): void {
    this.#lists.reserve(slots)
    this.#marks = grownBytes(this.#marks, slots)
    this.#hashes.reserve(slots)
    this.#remember(slots)
  }

  resize(): void {}

  add(slot: number, hash: number): void {
    this.#hashes.of[slot] = hash
    if (!this.#ghosts.has(hash)) return this.#put(slot, small)
    this.#ghosts.remove(hash)
    this.#put(slot, main)
  }

  touch(slot: number): void {
    const mark = this.#marks[slot] ?? 0
    if (mark < mostUses * oneUse) this.#marks[slot] = mark + oneUse
  }

  evict(): number {
    for (let steps = 0; ; steps++) {
      const isLast = steps >= mostSteps
      if (this.#lists.size(small) * 10 >= this.size || this.#lists.size(main) === 0) {
        const slot = this.#lists.tail(small)
        if (this.#uses(slot) > 1 && !isLast) {
          this.remove(slot)
          this.#put(slot, main)
          continue
        }
        this.#ghosts.add(this.#hashes.of[slot] ?? 0)
        this.remove(slot)
        return slot
      }
      const slot = this.#lists.tail(main)
      if (this.#uses(slot) === 0 || isLast) {
        this.remove(slot)
        return slot
      }
      this.#marks[slot] = (this.#marks[slot] ?? 0) - oneUse
      this.#lists.moveToHead(main, slot)
    }
  }

  choose(): number {
    return this.evict()
  }

  refill(slot: number, hash: number): void {
    this.add(slot, hash)
  }

  remove(slot: number): void {
    this.#lists.remove((this.#marks[slot] ?? 0) & main, slot)
  }

  clear(): void {
    this.#lists.clear()
    this.#ghosts.clear()
  }

  *order(): IterableIterator<number> {
    yield* this.#lists.fromTail(small)
    yield* this.#lists.fromTail(main)
  }

  check(): number[] {
    const slots: number[] = []
    for (const list of [small, main]) {
      const inList = this.#lists.check(list)
      if (inList.some((slot) => ((this.#marks[slot] ?? 0) & main) !== list))
        throw new Error('a slot is in neither queue')
      slots.push(...inList)
    }
    return slots
  }

  #remember(slots: number): void {
    if (slots <= this.#remembered) return
    this.#remembered = slots
    this.#ghosts.reserve(slots)
  }

  #uses(slot: number): number {
    return (this.#marks[slot] ?? 0) >>> 1
  }

  #put(slot: number, list: number): void {
    this.#marks[slot] = list
    this.#lists.pushHead(list, slot)
  }
}

const small = 0
const main = 1
const oneUse = 2
const mostUses = 3
const mostSteps = 256
