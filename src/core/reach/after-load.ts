import type { Entry } from '../../kernel/entry.ts'
import type { Stamp, Version } from '../../kernel/stamp.ts'
import type { NodeFlight } from '../errand.ts'
import type { Plan } from '../plan.ts'
import type { RemoteTier } from '../tiers/remote-tier.ts'
import { ensure } from './ensure.ts'
import type { KnownLabel } from './labels.ts'

/**
 * What a loaded value was made under: what was noted before the load, and the tags that only the value tells. If one of
 * those was changed by this process meanwhile, the flight may not write.
 * @throws what the node's `tags` throws
 */
export function stampAfter<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  value: Value,
): Stamp | undefined {
  const { errand } = flight
  const { before, ties, params } = errand
  if (before === undefined || plan.reach === undefined) return undefined
  const late = plan.reach.lateOf(params, value, ties)
  errand.expectsLate = false
  if (late.length > 0) errand.labels = [...errand.labels, ...late]
  if (errand.labels.length === 0) return undefined
  const stamp = { ...before.stamp, labels: errand.labels }
  if (errand.labels.some((label) => label.changedAt > stamp.at)) {
    flight.breakFence()
    plan.commons.flights.finish(flight)
  }
  return stamp
}

/**
 * The entry as it may be written: with the versions of the tags that only its value told, if it can be shown that none of
 * them was invalidated since the load began. There are two ways to show it: this process saw the same version before the
 * load; or no tag at all was invalidated, which the generation tells, since it is changed before any tag is, and was read
 * before the load and again after the tags.
 *
 * @returns `undefined` if the entry may not be written
 * @throws CacheError `STORAGE_UNAVAILABLE`
 */
export async function sealed<Params, Value>(
  plan: Plan<Params, Value>,
  { errand: { before } }: NodeFlight<Params, Value>,
  authority: RemoteTier<Value>,
  entry: Entry<Value>,
): Promise<Entry<Value> | undefined> {
  const { stamp } = entry
  if (stamp === undefined || before === undefined) return entry
  const labels = stamp.labels as readonly KnownLabel[]
  const noted = before.stamp.labels.length
  if (before.stamp.versions.length !== noted) return undefined
  // Somebody else has changed one, and this process has learned of it by the way: nobody could use what was written.
  const isOver = before.stamp.versions.some(({ hard }, index) => (labels[index]?.known?.hard ?? hard) !== hard)
  if (isOver) return undefined

  // What is told while they are read may be younger than what is read.
  const at = plan.labels.count
  const late = labels.slice(noted)
  const early = labels.slice(0, noted).filter((label) => label.ensuredUntil < entry.expiredAt)
  if (late.length === 0 && early.length === 0) return entry
  const seenBefore = late.map((label) => (label.knownSince <= before.tick ? label.known : undefined))
  const versions = await ensure(plan, authority, [...late, ...early], entry.expiredAt - plan.commons.clock.now())
  if (!early.every((label, index) => isSame(versions[late.length + index], stamp.versions[labels.indexOf(label)]))) {
    return undefined
  }
  const own = versions.slice(0, late.length)
  const told = own.flatMap((version) => version ?? [])
  if (told.length !== late.length) return undefined
  if (!own.every((version, index) => isSame(version, seenBefore[index]))) {
    const { generation } = plan.reach ?? {}
    const [now] = generation === undefined ? [] : await authority.markers.read([generation])
    if (before.generation === undefined || now?.hard !== before.generation) return undefined
  }
  const { known } = stamp
  return { ...entry, stamp: { labels, versions: [...stamp.versions, ...told], known, at } }
}

function isSame(one: Version | undefined, other: Version | undefined): boolean {
  return one !== undefined && one.hard === other?.hard && one.soft === other.soft
}
