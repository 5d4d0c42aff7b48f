import { Fence } from '../flight/fence.ts'
import { CacheError } from '../kernel/errors.ts'
import { type Lifetime, newEntry } from './lifetime.ts'
import type { AnyPlan, Places, Plan } from './plan.ts'
import type { Keepsake, RemoteTier } from './tiers/remote-tier.ts'
import { keepLocally, notKept } from './write.ts'

/*
 * Explicit changes: set, invalidate, expire, of a key or of all keys of a node.
 *
 * Each cuts twice. When it is called, fences are broken and copies in memory dropped, so that nothing from before can be
 * written or joined. When the remote operation has settled the same is done again, because a read that began between
 * the two may have brought the old value back. The remote operations of one key run in the order they were called.
 */

/**
 * Sets a value, as if it had been loaded just now.
 * @throws CacheError `INVALID_OPTION` for `undefined`; `UNSERIALIZABLE`; `STORAGE_UNAVAILABLE` if the authority did not take it
 */
export async function set<Params, Value>(
  plan: Plan<Params, Value>,
  at: { readonly key: string; readonly params: Params; readonly lifetime?: Lifetime<Params, Value> | undefined },
  value: Value,
): Promise<void> {
  const { commons, authority } = plan
  const { key, params, lifetime = plan.lifetime } = at
  commons.refuseIfClosed()
  if (value === undefined) {
    throw new CacheError(
      'INVALID_OPTION',
      `node '${plan.name}': set: expected a value, got undefined: to remove one, use invalidate or delete`,
    )
  }
  if (!plan.enabled) return
  const entry = newEntry(value, params, commons.clock.now(), lifetime, commons.chance)
  cut(plan, key)
  const epoch = plan.epochs.stamp
  if (authority === undefined) return keepLocally(plan, key, entry, epoch)
  await commons.changes.run([key], async () => {
    // What others do to the key while it is being written may come after it.
    const fence = new Fence(key)
    commons.sets.start(fence)
    try {
      try {
        await dropCopies(plan, key)
        await authority.write([{ key, entry }])
      } finally {
        cut(plan, key)
      }
      await writeCopies(plan, fence, { key, entry }, epoch)
      if (fence.fenced) keepLocally(plan, key, entry, epoch)
    } finally {
      commons.sets.finish(fence)
    }
  })
}

/**
 * Makes a key's entry unusable in every tier.
 * @returns whether there was one
 * @throws CacheError `STORAGE_UNAVAILABLE` if a tier could not be reached: its entry may be read again; memory's is gone
 */
export async function invalidate<Value>(plan: Places<Value>, key: string): Promise<boolean> {
  const { commons, remoteTiers } = plan
  commons.refuseIfClosed()
  const had = cut(plan, key)
  const drop = async (): Promise<number[]> => {
    try {
      return await fromBelow(plan, (tier) => tier.drop([key]))
    } finally {
      cut(plan, key)
    }
  }
  const dropped = remoteTiers.length === 0 ? [] : await commons.changes.run([key], drop)
  tell(plan, 'invalidate', key)
  return had || dropped.some((count) => count > 0)
}

/**
 * Makes a key's entry stale in every tier: served on the node's terms while one caller reloads.
 * @throws CacheError `STORAGE_UNAVAILABLE` if a tier could not be reached
 */
export async function expire<Value>(plan: Places<Value>, key: string): Promise<void> {
  const { commons, remoteTiers } = plan
  commons.refuseIfClosed()
  expireLocally(plan, key)
  const expireBelow = async (): Promise<void> => {
    try {
      await fromBelow(plan, (tier) => tier.expire([key]))
    } finally {
      expireLocally(plan, key)
    }
  }
  if (remoteTiers.length > 0) await commons.changes.run([key], expireBelow)
  tell(plan, 'expire', key)
}

/**
 * Makes every entry of a node unusable, of all its versions.
 * @throws CacheError `STORAGE_UNAVAILABLE` if a tier could not be reached
 */
export async function invalidateAll<Value>(plan: Places<Value>): Promise<void> {
  const { commons, keys, remoteTiers } = plan
  commons.refuseIfClosed()
  cutAll(plan)
  const clearBelow = async (): Promise<void> => {
    try {
      await fromBelow(plan, (tier) => tier.clear(keys.head))
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
function cut<Value>(plan: Places<Value>, key: string): boolean {
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

function expireLocally<Value>(plan: Places<Value>, key: string): void {
  const { commons, errors, localTiers } = plan
  commons.flights.break(key)
  commons.lookups.break(key)
  errors.forget(key)
  const now = commons.clock.now()
  for (const tier of localTiers) tier.expire(key, now)
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

async function dropCopies<Value>(plan: Places<Value>, key: string): Promise<void> {
  await Promise.all(plan.remoteTiers.slice(0, -1).map((tier) => tier.drop([key])))
}

// The authority has it: a copy that can't be written is a miss there, since it was dropped before.
async function writeCopies<Value>(
  plan: Places<Value>,
  fence: Fence,
  item: Keepsake<Value>,
  epoch: number,
): Promise<void> {
  for (const tier of plan.remoteTiers.slice(0, -1).reverse()) {
    if (!fence.fenced) return
    try {
      const written = await tier.write([item])
      if (fence.fenced) written.cover(epoch)
    } catch (error) {
      notKept(plan, item.key, error)
    }
  }
}
