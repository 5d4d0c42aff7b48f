import { grownIntegers } from './grown.ts'

/**
 * Doubly linked lists over typed arrays. A slot is a small number that an entry has for as long as it is kept; it
 * is in at most one of the lists at a time. Every list is a ring around a sentinel of its own, so that linking and
 * unlinking never branch. Eight bytes a slot, nothing for the garbage collector to follow.
 */
export class SlotLists {
  readonly #lists: number
  #next: Int32Array<ArrayBuffer>
  #previous: Int32Array<ArrayBuffer>
  readonly #sizes: Int32Array<ArrayBuffer>

  /** @param lists how many lists there are; they are called 0, 1, … */
  constructor(lists: number) {
    this.#lists = lists
    this.#next = new Int32Array(lists)
    this.#previous = new Int32Array(lists)
    this.#sizes = new Int32Array(lists)
    this.clear()
  }

  /** Makes room for slots below `slots`. */
  reserve(slots: number): void {
    this.#next = grownIntegers(this.#next, slots + this.#lists)
    this.#previous = grownIntegers(this.#previous, slots + this.#lists)
  }

  size(list: number): number {
    return this.#sizes[list] ?? 0
  }

  /** Where something put in first comes out, or -1: the other end from {@link head}. */
  tail(list: number): number {
    return (this.#previous[list] ?? 0) - this.#lists
  }

  head(list: number): number {
    return (this.#next[list] ?? 0) - this.#lists
  }

  /** The neighbour of a slot in the direction of the head; negative past the end. */
  towardsHead(slot: number): number {
    return (this.#previous[slot + this.#lists] ?? 0) - this.#lists
  }

  /** The neighbour of a slot in the direction of the tail; negative past the end. */
  towardsTail(slot: number): number {
    return (this.#next[slot + this.#lists] ?? 0) - this.#lists
  }

  pushHead(list: number, slot: number): void {
    const at = slot + this.#lists
    const second = this.#next[list] ?? 0
    this.#next[list] = at
    this.#next[at] = second
    this.#previous[at] = list
    this.#previous[second] = at
    this.#sizes[list] = (this.#sizes[list] ?? 0) + 1
  }

  pushTail(list: number, slot: number): void {
    const at = slot + this.#lists
    const last = this.#previous[list] ?? 0
    this.#previous[list] = at
    this.#previous[at] = last
    this.#next[at] = list
    this.#next[last] = at
    this.#sizes[list] = (this.#sizes[list] ?? 0) + 1
  }

  /** Takes a slot out of the list it is in, which the caller must know. */
  remove(list: number, slot: number): void {
    const at = slot + this.#lists
    const next = this.#next[at] ?? 0
    const previous = this.#previous[at] ?? 0
    this.#next[previous] = next
    this.#previous[next] = previous
    this.#sizes[list] = (this.#sizes[list] ?? 0) - 1
  }

  moveToHead(list: number, slot: number): void {
    this.remove(list, slot)
    this.pushHead(list, slot)
  }

  /** The same as {@link moveToHead} for the tail of a list that isn't empty. */
  tailToHead(list: number): void {
    // The sentinel takes a step back instead.
    const tail = this.#previous[list] ?? 0
    const last = this.#previous[tail] ?? 0
    const head = this.#next[list] ?? 0
    if (tail === head) return
    this.#next[last] = list
    this.#previous[list] = last
    this.#next[list] = tail
    this.#previous[tail] = list
    this.#next[tail] = head
    this.#previous[head] = tail
  }

  clear(): void {
    for (let list = 0; list < this.#lists; list++) {
      this.#next[list] = list
      this.#previous[list] = list
      this.#sizes[list] = 0
    }
  }

  /** The slots of a list from tail to head: who would go first, first. */
  *fromTail(list: number): IterableIterator<number> {
    for (let slot = this.tail(list); slot >= 0; slot = this.towardsHead(slot)) yield slot
  }

  /** Walks a list both ways. @throws Error when a link is wrong; for tests */
  check(list: number): number[] {
    const slots: number[] = []
    for (let slot = this.head(list), before = list - this.#lists; slot >= 0; slot = this.towardsTail(slot)) {
      if (this.towardsHead(slot) !== before) throw new Error(`slot ${slot} of list ${list} forgot what is before it`)
      if (slots.length > this.size(list)) throw new Error(`list ${list} is longer than it says`)
      slots.push(slot)
      before = slot
    }
    if (slots.length !== this.size(list)) throw new Error(`list ${list} is shorter than it says`)
    if ((slots.at(-1) ?? list - this.#lists) !== this.tail(list)) throw new Error(`list ${list} lost its tail`)
    return slots
  }
}
