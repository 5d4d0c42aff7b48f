import assert from 'node:assert/strict'
import type { Feed, Leases, Markers, Scan, Storage, Stored, StoredItem, Time } from '../../contracts/storage.ts'

/** What a case can't do without. */
export type Need = 'leases' | 'markers' | 'scan' | 'time' | 'feed' | 'another' | 'clock'

/** One thing that holds for every storage that has what it needs. */
export interface StorageCase {
  readonly title: string
  readonly needs?: readonly Need[]
  readonly run: (bench: Bench) => Promise<void>
}

/** A fresh storage, and what a case does with it. */
export interface Bench {
  readonly storage: Storage
  readonly leases: Leases
  readonly markers: Markers
  readonly scan: Scan
  readonly time: Time
  readonly feed: Feed
  /** One more instance on the same data. */
  readonly another: () => Promise<Storage>
  /** Lets time pass for the storage: at least so long. */
  readonly advance: (milliseconds: number) => Promise<void>
  /** The storage's own clock, or this process's. */
  readonly now: () => Promise<number>
}

/** Bytes of a text, to keep and to compare. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** An item whose payload is a text. Its header is nobody's in particular: most cases don't look into it. */
export function item(
  key: string,
  text: string = key,
  options: { readonly ttl?: number; readonly header?: Uint8Array } = {},
): StoredItem {
  const { ttl, header = someHeader } = options
  return { key, header, payload: bytes(text), ...(ttl !== undefined && { ttl }) }
}

const someHeader = Uint8Array.from({ length: 32 }, (_, index) => index * 7)

/** What is stored under keys, as texts. */
export async function texts(storage: Storage, keys: readonly string[]): Promise<(string | undefined)[]> {
  const found = await storage.getMany(keys)
  return found.map(textOf)
}

/** The payload as a text; `undefined` for nothing. */
export function textOf(stored: Stored | undefined): string | undefined {
  return stored && new TextDecoder().decode(stored.payload)
}

/** Everything a scan lists, sorted, each key once. */
export async function listed(scan: Scan, prefix: string): Promise<readonly string[]> {
  const keys = new Set<string>()
  for await (const page of scan.keys(prefix)) for (const key of page) keys.add(key)
  return [...keys].sort()
}

/** As `assert.deepEqual`, for lists so long that showing how they differ would take minutes. */
export function assertSame(found: readonly unknown[], expected: readonly unknown[]): void {
  assert.equal(found.length, expected.length)
  const place = found.findIndex((one, index) => one !== expected[index])
  if (place !== -1) assert.equal(found[place], expected[place], `at place ${place} of ${found.length}`)
}
