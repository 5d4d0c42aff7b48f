import { Fence } from '../flight/fence.ts'
import type { Entry } from '../kernel/entry.ts'
import { CacheError } from '../kernel/errors.ts'
import type { Stamp } from '../kernel/stamp.ts'
import { cut } from './change.ts'
import { type Lifetime, newEntry } from './lifetime.ts'
import type { Places, Plan } from './plan.ts'
import { stampOf } from './reach/before-load.ts'
import { ensure } from './reach/ensure.ts'
import type { KnownLabel } from './reach/labels.ts'
import { type Ties, untied } from './reach/reach.ts'
import { owing } from './tiers/owed.ts'
import type { Keepsake, RemoteTier } from './tiers/remote-tier.ts'
import { keepLocally, notKept } from './write.ts'

/** What is set, and under which terms. */
export interface Place<Params, Value> {
  readonly key: string
  readonly params: Params
  readonly lifetime?: Lifetime<Params, Value> | undefined
  /** Other tags and scopes than the params tell. */
  readonly ties?: Ties | undefined
}

/**
 * Sets a value, as if it had been loaded just now. An invalidation of one of its tags or scopes that is called before it
 * has been written comes after it: then nothing is left of it.
 * @throws CacheError `INVALID_OPTION` for `undefined`; `UNSERIALIZABLE`; `STORAGE_UNAVAILABLE` if the authority did not take it
 */
export async function set<Params, Value>(
  plan: Plan<Params, Value>,
  place: Place<Params, Value>,
  value: Value,
): Promise<void> {
  const { commons, authority, reach } = plan
  const { key, params, lifetime = plan.lifetime } = place
  commons.refuseIfClosed()
  if (value === undefined) {
    throw new CacheError(
      'INVALID_OPTION',
      `node '${plan.name}': set: expected a value, got undefined: to remove one, use invalidate or delete`,
    )
  }
  if (!plan.enabled) return
  const entry = newEntry(value, params, commons.clock.now(), lifetime, commons.chance)
  const ties = place.ties ?? reach?.tiesOf(params) ?? untied
  const late = reach?.lateOf(params, value, ties) ?? []
  const labels = [...ties.known, ...ties.named, ...late]
  cut(plan, key)
  const origin = { epoch: plan.epochs.stamp, asOf: commons.tokens.tick }
  if (authority === undefined) {
    const stamp = labels.length === 0 ? undefined : stampOf(labels, ties.known.length, plan.labels.count)
    return keepLocally(plan, key, { ...entry, stamp }, origin)
  }
  // Of its tags and scopes, what was called for before this is waited for, and what is called for after it overtakes it.
  const changing = Promise.all(labels.flatMap((label) => label.changing ?? []))
  const { count } = plan.labels
  await commons.changes.run([key], async () => {
    // What others do to the key while it is being written may come after it.
    const fence = new Fence(key)
    commons.sets.start(fence)
    try {
      const written = await writeBelow(plan, authority, {
        key,
        entry,
        labels,
        known: ties.known.length,
        changing,
        count,
      })
      if (written === undefined) return
      await writeCopies(plan, fence, { key, entry: written }, origin.epoch)
      if (fence.fenced) keepLocally(plan, key, written, origin)
    } finally {
      commons.sets.finish(fence)
    }
  })
}

interface SetEntry<Value> {
  readonly key: string
  readonly entry: Entry<Value>
  readonly labels: readonly KnownLabel[]
  readonly known: number
  readonly changing: Promise<unknown>
  readonly count: number
}

// Returns what was written; nothing if it was overtaken.
async function writeBelow<Value>(
  plan: Places<Value>,
  authority: RemoteTier<Value>,
  { key, entry, labels, known, changing, count }: SetEntry<Value>,
): Promise<Entry<Value> | undefined> {
  const debt = { keys: [key], head: plan.keys.head }
  const write = async (): Promise<Entry<Value> | undefined> => {
    await dropCopies(plan, key)
    if (labels.length > 0) await changing
    const stamp = labels.length === 0 ? undefined : await stampFor(plan, authority, { entry, labels, known })
    if (labels.some((label) => label.calledAt > count)) {
      await authority.drop([key])
      return undefined
    }
    const written = stamp === undefined ? entry : { ...entry, stamp }
    await authority.write([{ key, entry: written }])
    return written
  }
  try {
    // Wherever it fails, what was there before is overruled all the same.
    return await owing(authority.channel.owed, debt, write)
  } finally {
    cut(plan, key)
  }
}

// What an explicit set is made under is what stands now, made where it is missing.
async function stampFor<Value>(
  plan: Places<Value>,
  authority: RemoteTier<Value>,
  { entry, labels, known }: { readonly entry: Entry; readonly labels: readonly KnownLabel[]; readonly known: number },
): Promise<Stamp> {
  const at = plan.labels.count
  const versions = await ensure(plan, authority, labels, entry.expiredAt - plan.commons.clock.now())
  const stamp = stampOf(labels, known, at)
  if (versions.every((version) => version !== undefined) && stamp.versions.length === labels.length) return stamp
  throw new CacheError('STORAGE_UNAVAILABLE', `storage '${authority.name}': the versions of its tags can't be read`)
}

async function dropCopies<Value>(plan: Places<Value>, key: string): Promise<void> {
  const debt = { keys: [key], head: plan.keys.head }
  await Promise.all(plan.remoteTiers.slice(0, -1).map((tier) => owing(tier.channel.owed, debt, () => tier.drop([key]))))
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
