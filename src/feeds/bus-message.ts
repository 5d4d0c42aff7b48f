import { asciiJson, keyLists } from '../kernel/key-lists.ts'

/*
 * What goes over a bus: who says it, how many changes they have told so far, this one included, and the change: a list of
 * keys or a prefix under which everything may have changed. Without a change it is a word: `hello` when somebody joins,
 * `bye` when they leave in peace, `beat` in between. JSON, in ASCII.
 */

/** A change: keys, or everything under a prefix. */
export type Change = { readonly keys: readonly string[] } | { readonly prefix: string }

/** What is said that changes nothing. */
export type BusWord = 'hello' | 'beat' | 'bye'

/** A message that was heard. */
export interface Said {
  readonly from: string
  readonly number: number
  /** A change, or a word. */
  readonly what: Change | BusWord
}

/** Anything may have changed. */
export const everything: Change = { prefix: '' }

const longestMessage = 64_000
// Room for who says it and the number.
const headRoom = 120
// Listeners would be busier with so many than with starting anew.
const mostMessages = 50

/** A change in as many parts as it takes for messages of a bus to hold one each. */
export function partsOf(change: Change, longest: number = longestMessage): readonly string[] {
  const room = Math.min(longest, longestMessage) - headRoom
  const anything = [`"prefix":""`]
  if ('prefix' in change) {
    const prefix = asciiJson(change.prefix)
    return prefix.length > room ? anything : [`"prefix":${prefix}`]
  }
  return keyLists(change.keys, { longest: room, most: mostMessages })?.map((list) => `"keys":${list}`) ?? anything
}

/** The part that a word is. */
export function partOf(word: BusWord): string {
  return `"word":"${word}"`
}

/** The message that somebody's part makes. */
export function busMessage(from: string, number: number, part: string): string {
  return `{"from":${asciiJson(from)},"number":${number},${part}}`
}

/** Reads a message; `undefined` for what is none. */
export function readBusMessage(text: string): Said | undefined {
  try {
    const { from, number, keys, prefix, word } = JSON.parse(text) as Readonly<Record<string, unknown>>
    if (typeof from !== 'string' || typeof number !== 'number' || !Number.isSafeInteger(number)) return undefined
    if (Array.isArray(keys) && keys.every((key) => typeof key === 'string')) return { from, number, what: { keys } }
    if (typeof prefix === 'string') return { from, number, what: { prefix } }
    return word === 'hello' || word === 'beat' || word === 'bye' ? { from, number, what: word } : undefined
  } catch {
    return undefined
  }
}
