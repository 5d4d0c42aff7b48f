import { slotTag } from './slots.ts'

/*
 * A lease lies beside its entry, in the same slot of a cluster, but not under the entry's prefix: whoever follows,
 * lists or counts entries never meets one. What a slot is computed from is what stands between the first `{` and the
 * first `}` behind it, if anything does, else the whole key:
 *
 *   shop:user:1       !lease={shop:user:1}       the whole key in braces
 *   shop:{u1}:name    !lease:shop:{u1}:name      has braces of its own, which count here too
 *   shop:a}b          !lease~{4711}shop:a}b      could not stand in braces: a number that has the same slot
 */

const head = '!lease'
const longHead = head.length + 1

/** Whether it is the name of a lease, and can't be that of an entry. */
export function isLeaseKey(key: string): boolean {
  return key.charCodeAt(0) === 33 && /^!lease[=:~]/.test(key)
}

/** The lease of an entry. */
export function leaseKey(key: string): string {
  const close = key.indexOf('}')
  if (close === -1) return `${head}={${key}}`
  if (hashTag(key) !== undefined) return `${head}:${key}`
  return `${head}~{${slotTag(key)}}${key}`
}

/** The entry of a lease. */
export function entryOfLease(lease: string): string {
  switch (lease[head.length]) {
    case '=':
      return lease.slice(longHead + 1, -1)
    case '~':
      return lease.slice(lease.indexOf('}') + 1)
    default:
      return lease.slice(longHead)
  }
}

/** What begins the names of all leases. */
export const leaseHead: string = head

function hashTag(key: string): string | undefined {
  const open = key.indexOf('{')
  if (open === -1) return undefined
  const close = key.indexOf('}', open + 1)
  return close > open + 1 ? key.slice(open + 1, close) : undefined
}
