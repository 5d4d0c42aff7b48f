import type { Stored } from '../contracts/storage.ts'
import { readHeader, staleHeader } from '../serializers/envelope.ts'

/**
 * What is left of a stored entry when it is made stale at `now`: its new header, and the moment it expires by it.
 * `undefined` for a header that can't be read; such an entry is of no use to anybody and is better deleted.
 */
export function staleStored(
  stored: Pick<Stored, 'header'>,
  now: number,
): { readonly header: Uint8Array; readonly expiredAt: number } | undefined {
  try {
    const header = staleHeader(stored.header, now)
    return { header, expiredAt: readHeader(header).expiredAt }
  } catch {
    return undefined
  }
}
