import type { Key, Subject } from './subjects.ts'

// This module is loaded once for every cache that is measured: what the engine learns of one must not slow down
// another, as it would not in a program that uses one.

/** Reads that must all be answered, or none of them. */
export function read(cache: Subject, keys: readonly Key[], order: Int32Array, isThere: boolean): void {
  let answered = 0
  for (let at = 0; at < order.length; at++) if (cache.get(keys[order[at] ?? 0] ?? 0) !== undefined) answered++
  if (answered !== (isThere ? order.length : 0)) throw new Error(`${answered} of ${order.length} reads were answered`)
}

/** Reads with keys that are made for each read. */
export function readFresh(cache: Subject, makeKey: (n: number) => Key, order: Int32Array): void {
  let answered = 0
  for (let at = 0; at < order.length; at++) if (cache.get(makeKey(order[at] ?? 0)) !== undefined) answered++
  if (answered !== order.length) throw new Error(`${answered} of ${order.length} reads were answered`)
}

export function write(cache: Subject, keys: readonly Key[], order: Int32Array, value: object): void {
  for (let at = 0; at < order.length; at++) cache.set(keys[order[at] ?? 0] ?? 0, value)
}

/** Reads, and sets what is missing. @returns the hits */
export function readThrough(cache: Subject, keys: readonly Key[], order: Int32Array, value: object): number {
  let hits = 0
  for (let at = 0; at < order.length; at++) {
    const key = keys[order[at] ?? 0] ?? 0
    if (cache.get(key) === undefined) cache.set(key, value)
    else hits++
  }
  return hits
}
