import type { AnyPlan, Places } from './plan.ts'
import { owing } from './tiers/owed.ts'
import type { RemoteTier } from './tiers/remote-tier.ts'

/*
 * Invalidate and expire, of a key or of all keys of a node.
 *
 * Each cuts twice. When it is called, fences are broken and copies in memory dropped, so that nothing from before can be
 * written or joined. When the remote operation has settled the same is done again, because a read that began between
 * the two may have brought the old value back. The remote operations of one key run in the order they were called.
 */

/**
 * Makes the entries of some keys unusable in every tier.
 * @returns how many there were, in the tier that had most of them
 * @throws CacheError `STORAGE_UNAVAILABLE` if a tier could not be reached: until it has been, its entries are not read here
 */
export async function invalidateKeys<Value>(plan: Places<Value>, keys: readonly string[]): Promise<number> {
  const { commons, remoteTiers } = plan
  commons.refuseIfClosed()
  const had = keys.filter((key) => cut(plan, key)).length
  const drop = async (): Promise<number[]> => {
    try {
      return await fromBelow(plan, (tier) =>
        owing(tier.channel.owed, { keys, head: plan.keys.head }, () => tier.drop(keys)),
      )
    } finally {
      for (const key of keys) cut(plan, key)
    }
  }
  const dropped = remoteTiers.length === 0 ? [] : await commons.changes.run(keys, drop)
  for (const key of keys) tell(plan, 'invalidate', key)
  return Math.max(had, ...dropped)
}

/**
 * Makes the entries of some keys stale in every tier: served on the node's terms while one caller reloads.
 * @returns how many there were in memory; of other tiers it isn't known
 * @throws CacheError `STORAGE_UNAVAILABLE` if a tier could not be reached
 */
export async function expireKeys<Value>(plan: Places<Value>, keys: readonly string[]): Promise<number> {
  const { commons, remoteTiers } = plan
  commons.refuseIfClosed()
  const had = keys.filter((key) => expireLocally(plan, key)).length
  const expireBelow = async (): Promise<void> => {
    try {
      await fromBelow(plan, (tier) => owing(tier.channel.owed, { keys, head: plan.keys.head }, () => tier.expire(keys)))
    } finally {
      for (const key of keys) expireLocally(plan, key)
    }
  }
  if (remoteTiers.length > 0) await commons.changes.run(keys, expireBelow)
  for (const key of keys) tell(plan, 'expire', key)
  return had
}

/**
 * Makes every entry of a node unusable, of all its versions.
 * @throws CacheError `STORAGE_UNAVAILABLE` if a tier could not be reached
 */
export async function invalidateAll<Value>(plan: Places<Value>): Promise<void> {
  const { commons, keys, remoteTiers, wholeReach } = plan
  commons.refuseIfClosed()
  cutAll(plan)
  if (wholeReach !== undefined) await wholeReach('invalidate')
  const clearBelow = async (): Promise<void> => {
    try {
      await fromBelow(plan, (tier) => owing(tier.channel.owed, { heads: [keys.head] }, () => tier.clear(keys.head)))
    } finally {
      cutAll(plan)
    }
  }
  if (remoteTiers.length > 0) await commons.changes.runAlone(clearBelow)
  tell(plan, 'invalidate', undefined)
}

function tell({ commons, name }: AnyPlan, kind: 'invalidate' | 'expire', key: string | undefined): void {
  if (commons.events.wanted.invalidate) commons.events.emit('invalidate', { node: name, key, kind })
}

/** Breaks the fences of a key and drops its copies in memory. @returns whether there were any */
export function cut<Value>(plan: Places<Value>, key: string): boolean {
  const { commons, errors, localTiers } = plan
  commons.flights.break(key)
  commons.lookups.break(key)
  errors.forget(key)
  return localTiers.map((tier) => tier.drop(key)).includes(true)
}

function cutAll<Value>(plan: Places<Value>): void {
  const { commons, errors, localTiers, keys } = plan
  commons.flights.breakUnder(keys.head)
  commons.lookups.breakUnder(keys.head)
  errors.clear()
  for (const tier of localTiers) tier.clear(keys.head)
}

function expireLocally<Value>(plan: Places<Value>, key: string): boolean {
  const { commons, errors, localTiers } = plan
  commons.flights.break(key)
  commons.lookups.break(key)
  errors.forget(key)
  const now = commons.clock.now()
  return localTiers.map((tier) => tier.expire(key, now)).includes(true)
}

// Copies, then the authority, then the copies again: another process may have filled one from the authority meanwhile.
// Every tier is tried, whatever becomes of the others.
async function fromBelow<Value, Result>(
  plan: Places<Value>,
  operate: (tier: RemoteTier<Value>) => Promise<Result>,
): Promise<Result[]> {
  const copies = plan.remoteTiers.slice(0, -1)
  const outcomes: PromiseSettledResult<Result>[] = []
  for (const tiers of [copies, plan.remoteTiers.slice(-1), copies]) {
    outcomes.push(...(await Promise.allSettled(tiers.map(operate))))
  }
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}
