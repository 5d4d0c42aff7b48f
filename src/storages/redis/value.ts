import type { Stored, StoredItem } from '../../contracts/storage.ts'
import { splitStored } from '../../serializers/envelope.ts'
import type { Reply } from './server-client.ts'

/** As `joinStored` has it, but from Node's pool: the clients take nothing else, and most values are small. */
export function valueOf({ header, payload }: StoredItem): Uint8Array {
  const bytes = Buffer.allocUnsafe(2 + header.length + payload.length)
  bytes.writeUInt16BE(header.length)
  bytes.set(header, 2)
  bytes.set(payload, 2 + header.length)
  return bytes
}

/** What a value is; `undefined` for none. */
export function storedIn(reply: Reply | undefined): Stored | undefined {
  return reply instanceof Uint8Array ? splitStored(reply) : undefined
}

// Beyond this it is for ever, and in numbers the server could not read.
const longestLife = 2 ** 52

/** Milliseconds as the scripts take them: empty for ever, 0 for what is over already. */
export function ttlWord(ttl: number): string {
  return ttl > longestLife ? '' : String(Math.max(0, Math.floor(ttl)))
}

/** The life of a marker, which is one millisecond at least. */
export function markerLife({ ttl = Infinity }: StoredItem): string {
  return ttlWord(Math.max(1, ttl))
}

/** The life of a lease, which is one millisecond at least, and never for ever. */
export function lifeWord(life: number): string {
  return String(Math.min(longestLife, Math.max(1, Math.floor(life))))
}
