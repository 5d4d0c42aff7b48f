import type { RedisWords } from '../../clients/redis-client.ts'
import type { Claim, ClaimAnswer, MarkerChange, StoredItem } from '../../contracts/storage.ts'
import { leaseKey } from './lease-key.ts'
import type { Script } from './scripts.ts'
import { errorCode, type Reply } from './server-client.ts'
import type { Command } from './servers.ts'
import { lifeWord, markerLife, storedIn, valueOf } from './value.ts'

/** A word of a command. */
export type Word = string | Uint8Array

/** What has a key. */
export interface Keyed {
  readonly key: string
}

/** The command that runs a script over some things, which all have their keys in one slot. */
export function evaluation<Thing extends Keyed>(
  { digest, hasLeases }: Script,
  things: readonly Thing[],
  wordsOf: (thing: Thing) => readonly Word[],
): RedisWords {
  const words: [string, ...Word[]] = ['EVALSHA', digest, String(hasLeases ? 2 * things.length : things.length)]
  for (const { key } of things) {
    words.push(key)
    if (hasLeases) words.push(leaseKey(key))
  }
  for (const thing of things) words.push(...wordsOf(thing))
  return words
}

/** The same for a server that doesn't know the script. */
export function withSource({ slot, words }: Command, { source }: Script): Command {
  return { slot, words: ['EVAL', source, ...words.slice(2)] }
}

/** Whether a server doesn't know a script: it was started anew, or told to forget. */
export function isUnknownScript(reply: Reply | Error): boolean {
  return errorCode(reply) === 'NOSCRIPT'
}

/** What {@link claimScript} needs. */
export function wordsOfClaim({ token, life, force }: Claim): readonly Word[] {
  return [token, lifeWord(life), force === true ? '1' : '0']
}

/** What it answers. */
export function claimAnswer(list: readonly Reply[], at: number): ClaimAnswer {
  return { won: list[1 + 2 * at] === 1, stored: storedIn(list[2 + 2 * at]), now: Number(list[0]) }
}

/** What {@link renewScript} needs. */
export function wordsOfRenewal({ token, life }: Claim): readonly Word[] {
  return [token, lifeWord(life)]
}

/** What {@link releaseScript} needs. */
export function wordsOfRelease({ token }: { readonly token: string }): readonly Word[] {
  return [token]
}

/** What {@link ensureScript} needs. */
export function wordsOfMarker(marker: StoredItem): readonly Word[] {
  return [markerLife(marker), valueOf(marker)]
}

/** What {@link changeScript} needs. */
export function wordsOfChange(change: MarkerChange): readonly Word[] {
  return [markerLife(change), change.softOnly === true ? '1' : '0', valueOf(change)]
}

/** For a script that needs nothing besides keys. */
export function noWords(): readonly Word[] {
  return []
}

/** For a script that answers nothing. */
export function noAnswer(): void {}

/** For a script that answers yes or no. */
export function isOne(list: readonly Reply[], at: number): boolean {
  return list[at] === 1
}

/** For a script that answers what stands under each key. */
export function bytesAt(list: readonly Reply[], at: number): Uint8Array {
  return list[at] as Uint8Array
}
