import type { Places } from './plan.ts'

/**
 * The keys of a node, as its `key` made them; where one was too long to be stored as it is, its readable head and a
 * digest. Each at least once. From the authority, or from memory where that is all there is.
 * @throws CacheError `UNSUPPORTED` where the authority can't list
 */
export async function* keysOf<Value>(plan: Places<Value>): AsyncGenerator<string> {
  const { authority, localTiers, keys, listHead } = plan
  plan.commons.refuseIfClosed()
  const pages =
    authority === undefined ? [localTiers.flatMap((tier) => [...tier.storage.keys()])] : authority.keys(listHead)
  for await (const page of pages) {
    for (const full of page) {
      const key = keys.short(full)
      if (key !== undefined) yield key
    }
  }
}
