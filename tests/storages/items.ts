import type { StoredItem, Storage } from '../../src/contracts/storage.ts'
import { writeHeader } from '../../src/serializers/envelope.ts'

/** An item whose payload is a text. */
export function item(key: string, text = key, ttl?: number): StoredItem {
  return { key, header: headerAt(0), payload: Buffer.from(text), ...(ttl !== undefined && { ttl }) }
}

/** A header of an entry made at `createdAt`, fresh for a minute and stale for another. */
export function headerAt(createdAt: number): Uint8Array {
  return writeHeader({ serializer: 1, createdAt, staleAt: createdAt + 60_000, expiredAt: createdAt + 120_000 })
}

/** What is stored under keys, as texts. */
export async function texts(storage: Storage, ...keys: readonly string[]): Promise<(string | undefined)[]> {
  return (await storage.getMany(keys)).map((stored) => stored && Buffer.from(stored.payload).toString())
}

/** Claims a lease for an hour. */
export async function claim(storage: Storage, key: string, token: string): Promise<boolean> {
  const [answer] = (await storage.capabilities.leases?.claimMany([{ key, token, life: 3_600_000 }])) ?? []
  return answer?.won === true
}

/** Brings what was loaded. @returns whether it was written */
export async function fulfil(storage: Storage, key: string, token: string, text = key): Promise<boolean> {
  const [written] = (await storage.capabilities.leases?.fulfilMany([{ ...item(key, text), token }])) ?? []
  return written === true
}
