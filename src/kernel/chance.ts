import { randomUUID } from 'node:crypto'

/** Chance, as a guest: what jitters and what must be unguessable, so that tests can be repeated. */
export interface Chance {
  /** A number from 0 up to, but not including, 1. */
  fraction(): number
  /** A string that nobody else has: 122 bits or more of it random. */
  token(): string
}

/** Real chance. */
export const systemChance: Chance = { fraction: Math.random, token: randomUUID }
