import { mix } from '../structures/number-index.ts'

/**
 * Gives every key of a trace a number: 0, 1, 2, … in the order in which they are first seen. Some 20 bytes a key.
 *
 * A key is remembered by 64 bits: numbers by themselves, so that they are never mistaken for one another, texts by a
 * hash. Two of a hundred million texts share one with a probability of 0.03 %, and then count as one key; in return
 * a trace may have many more keys than would fit into memory as strings.
 */
export class KeyNumbers {
  #cells = new Uint32Array(smallestTable)
  #mask = smallestTable - 1
  #low = new Uint32Array(smallestTable)
  #high = new Uint32Array(smallestTable)
  #size = 0

  /** How many different keys there were. */
  get size(): number {
    return this.#size
  }

  /** @returns the number of a text */
  ofText(text: string): number {
    let low = 0x9368e53c
    let high = 0x586dcd20
    for (let at = 0; at < text.length; at++) {
      const character = text.charCodeAt(at)
      low = Math.imul(rotated(low ^ Math.imul(character, 0xcc9e2d51), 13), 5) + 0x6546b64
      high = rotated(Math.imul(high ^ character, 0x1b873593), 17) ^ low
    }
    low ^= text.length
    return this.ofWords(mix(low ^ mix(high)), mix(high + Math.imul(low, 0x9e3779b1)))
  }

  /** @returns the number of a key that is itself a number: its lower and upper 32 bits */
  ofWords(low: number, high: number): number {
    low >>>= 0
    high >>>= 0
    let at = placeOf(low, high) & this.#mask
    for (let cell = this.#cells[at] ?? 0; cell !== 0; cell = this.#cells[at] ?? 0) {
      if (this.#low[cell - 1] === low && this.#high[cell - 1] === high) return cell - 1
      at = (at + 1) & this.#mask
    }
    this.#low[this.#size] = low
    this.#high[this.#size] = high
    this.#cells[at] = ++this.#size
    if (this.#size >= this.#cells.length * mostLoad) this.#grow()
    return this.#size - 1
  }

  #grow(): void {
    this.#cells = new Uint32Array(this.#cells.length * 2)
    this.#mask = this.#cells.length - 1
    this.#low = grown(this.#low, this.#cells.length * mostLoad)
    this.#high = grown(this.#high, this.#cells.length * mostLoad)
    for (let number = 0; number < this.#size; number++) {
      let at = placeOf(this.#low[number] ?? 0, this.#high[number] ?? 0) & this.#mask
      while (this.#cells[at] !== 0) at = (at + 1) & this.#mask
      this.#cells[at] = number + 1
    }
  }
}

function placeOf(low: number, high: number): number {
  return mix(low ^ Math.imul(high, 0x85ebca77))
}

function rotated(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by))
}

function grown(words: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.ceil(length) + 1)
  larger.set(words.subarray(0, larger.length))
  return larger
}

const smallestTable = 1024
const mostLoad = 0.7
