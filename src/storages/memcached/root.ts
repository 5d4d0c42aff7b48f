/*
 * What has been cleared, of one server. Memcached can't list its keys, so nothing can be deleted by prefix; instead
 * each server keeps a root, an item that every call reads along:
 *
 *   generation   a random number, made with the root
 *   sequence     how many clears there have been since
 *   clears       each prefix that was cleared, with the sequence of the clear
 *
 * Every item carries the generation and the sequence that it was written under. It counts as long as the generation is
 * still the root's and no prefix of its key was cleared after it. If the root is gone (evicted, flushed, the server
 * started anew), the next has another generation, and nothing of before counts: a clear may be forgotten, but never
 * what it cleared be brought back.
 *
 * A clear of a prefix makes the earlier ones of prefixes under it superfluous, so the list is as long as there are
 * different prefixes that programs clear: the heads of their nodes.
 */

/** The root an item was written under. */
export interface Stamp {
  readonly generation: number
  readonly sequence: number
}

/** What has been cleared. */
export interface Root extends Stamp {
  readonly clears: ReadonlyMap<string, number>
}

/** A root under which nothing has been cleared yet. */
export function newRoot(fraction: number): Root {
  return { generation: Math.floor(fraction * 2 ** 53), sequence: 0, clears: new Map() }
}

/** The root after a clear. */
export function withClear({ generation, sequence, clears }: Root, prefix: string): Root {
  const kept = [...clears].filter(([cleared]) => !cleared.startsWith(prefix))
  return { generation, sequence: sequence + 1, clears: new Map([...kept, [prefix, sequence + 1]]) }
}

export function encodeRoot({ generation, sequence, clears }: Root): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ generation, sequence, clears: [...clears] }))
}

/** @returns `undefined` for anything but a root */
export function decodeRoot(bytes: Uint8Array): Root | undefined {
  try {
    const { generation, sequence, clears } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as {
      readonly [Name in keyof Root]?: unknown
    }
    if (!isCount(generation) || !isCount(sequence) || !Array.isArray(clears) || !clears.every(isClear)) return undefined
    return { generation, sequence, clears: new Map(clears) }
  } catch {
    return undefined
  }
}

/** Says of keys whether an item that was written under a stamp still counts. */
export function judgeBy(root: Root): (key: string, stamp: Stamp) => boolean {
  const lengths = [...new Set([...root.clears.keys()].map(({ length }) => length))]
  return (key, { generation, sequence }) => {
    if (generation !== root.generation || sequence > root.sequence) return false
    if (sequence === root.sequence) return true
    return lengths.every((length) => {
      const cleared = length > key.length ? undefined : root.clears.get(key.slice(0, length))
      return cleared === undefined || cleared <= sequence
    })
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isClear(value: unknown): value is [string, number] {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && isCount(value[1])
}
