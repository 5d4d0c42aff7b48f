/**
 * Turns values into bytes and back. The same value must come back, or `encode` must refuse it.
 * Bytes may come from anybody: `decode` throws on what it can't read, and never lets data choose code.
 */
export interface Serializer {
  /** Tells serializers apart in stored bytes: bytes written under another name are a miss. */
  readonly name: string
  /** @throws CacheError `UNSERIALIZABLE` for a value that would not come back as it is */
  encode(value: unknown): Uint8Array
  /** @throws anything, for bytes that it can't read */
  decode(bytes: Uint8Array): unknown
}
