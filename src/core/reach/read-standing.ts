import { type Entry, madeStale } from '../../kernel/entry.ts'
import type { Stamp, Version } from '../../kernel/stamp.ts'
import type { CarriedVersions } from '../../serializers/versions.ts'
import type { NodeFlight } from '../errand.ts'
import type { Plan } from '../plan.ts'
import type { Route } from '../route.ts'
import type { Copy } from '../tiers/local-tier.ts'
import type { Found, RemoteTier } from '../tiers/remote-tier.ts'
import type { KnownLabel } from './labels.ts'
import type { Reach } from './reach.ts'
import { countInvalid } from './stand.ts'

/*
 * An entry from a remote tier is worth something only if the markers of its tags and scopes still have the versions it
 * carries. Those that are known from the params are read together with it: asked in the same turn, they leave in the
 * same multi-get. Those that only the entry names take a second read, unless they were read already on this way.
 */

/**
 * The entries a tier has for some flights, as they stand.
 * @throws CacheError `STORAGE_UNAVAILABLE` if the tier can't be reached
 */
export async function readStanding<Params, Value>(
  plan: Plan<Params, Value>,
  tier: RemoteTier<Value>,
  flights: readonly NodeFlight<Params, Value>[],
  route: Route<Value>,
): Promise<(Copy<Value> | undefined)[]> {
  const { reach } = plan
  const reading = tier.read(flights.map((flight) => flight.key))
  if (reach !== undefined) {
    const [outcome] = await Promise.allSettled([reading, readMarkers(plan, wanted(reach, flights), route)])
    if (outcome.status === 'fulfilled') await readMarkers(plan, namedIn(plan, outcome.value), route)
  }
  const found = await reading
  return flights.map((flight, index) => {
    const entry = judge(plan, flight, found[index], route)
    if (entry === undefined && found[index] !== undefined) countInvalid(plan, flight.key, tier.name)
    return entry
  })
}

/**
 * The entries that a claim has found, as they stand. The markers were read before it, so an entry that somebody wrote
 * in between may carry a newer version: then they are read again.
 */
export async function claimedStanding<Params, Value>(
  plan: Plan<Params, Value>,
  flights: readonly NodeFlight<Params, Value>[],
  found: readonly (Found<Value> | undefined)[],
  route: Route<Value>,
): Promise<(Entry<Value> | undefined)[]> {
  const { reach } = plan
  if (reach === undefined) return flights.map((flight, index) => judge(plan, flight, found[index], route))
  await readMarkers(plan, namedIn(plan, found), route)
  const entries = flights.map((flight, index) => judge(plan, flight, found[index], route))
  const again = flights.filter((_, index) => found[index] !== undefined && entries[index] === undefined)
  if (again.length === 0) return entries
  const anew: Route<Value> = { down: route.down, marked: new Set(), at: plan.labels.count }
  await readMarkers(plan, [...wanted(reach, again), ...namedIn(plan, found)], anew)
  return flights.map((flight, index) => entries[index] ?? judge(plan, flight, found[index], anew))
}

/** Reads the markers that were not read yet on this way. If that fails, the authority counts as down. */
async function readMarkers<Params, Value>(
  { authority, labels }: Plan<Params, Value>,
  wantedLabels: Iterable<KnownLabel>,
  route: Route<Value>,
): Promise<void> {
  if (authority === undefined || route.down.has(authority)) return
  const { marked } = route
  const missing: KnownLabel[] = []
  for (const label of wantedLabels) {
    if (marked.has(label)) continue
    marked.add(label)
    missing.push(label)
  }
  if (missing.length === 0) return
  const versions = await authority.markers.read(missing).catch(() => undefined)
  if (versions === undefined) {
    for (const label of missing) marked.delete(label)
    route.down.add(authority)
    return
  }
  for (let index = 0; index < missing.length; index++) labels.learn(missing[index] as KnownLabel, versions[index])
}

/** What is to be read for flights, before anything is known of their entries. */
function wanted<Params, Value>(
  { expectsLate, generation }: Reach<Params, Value>,
  flights: readonly NodeFlight<Params, Value>[],
): readonly KnownLabel[] {
  const [only] = flights
  if (flights.length === 1 && only !== undefined && !expectsLate) return only.errand.labels
  const labels = flights.flatMap((flight) => flight.errand.labels)
  if (expectsLate && flights.some(({ errand }) => errand.purpose !== 'lookup')) labels.push(generation)
  return labels
}

function namedIn<Params, Value>(
  plan: Plan<Params, Value>,
  found: readonly (Found<Value> | undefined)[],
): readonly KnownLabel[] {
  return found.flatMap((one) => (one?.carried === undefined ? [] : namedBy(plan, one.carried)))
}

function namedBy<Params, Value>(
  { reach, labels }: Plan<Params, Value>,
  { names }: CarriedVersions,
): readonly KnownLabel[] {
  if (reach === undefined || names.length === 0) return none
  return names.map((name) => labels.of(reach.keys.named(name)))
}

const none: readonly KnownLabel[] = Object.freeze([])

// An entry whose markers could not be read is no better than a stale one, and of no use if this process knows, or has
// forgotten, that one of them changed.
function judge<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  found: Found<Value> | undefined,
  route: Route<Value>,
): Copy<Value> | undefined {
  if (found === undefined) return undefined
  const { carried } = found
  const { known } = flight.errand.ties
  if (carried === undefined) return known.length === 0 ? found : undefined
  const named = namedBy(plan, carried)
  const labels = named.length === 0 ? known : [...known, ...named]
  // Made by a program that gave it other tags, or none: an invalidation of those it lacks has not reached it.
  if (carried.unnamed !== known.length || carried.count !== labels.length) return undefined

  const now = plan.commons.clock.now()
  const versions: Version[] = []
  let softenedAt = Infinity
  for (const [index, label] of labels.entries()) {
    const { known: version } = label
    const isRead = route.marked.has(label)
    if (version === undefined ? isRead || label.changedAt > 0 : !carried.isHard(index, version.hard)) return undefined
    if (!isRead) softenedAt = Math.min(softenedAt, now)
    if (version === undefined) continue
    versions.push(version)
    if (!carried.isSoft(index, version.soft)) softenedAt = Math.min(softenedAt, version.softenedAt)
  }
  const { value, createdAt, staleAt, expiredAt, epoch, asOf } = found
  // As long as it is not stale, its versions are those that are known.
  const stamp: Stamp = { labels, versions, known: known.length, at: route.at }
  const copy: Copy<Value> = { value, createdAt, staleAt, expiredAt, stamp, epoch, asOf }
  return softenedAt === Infinity ? copy : madeStale(copy, Math.max(createdAt, Math.min(now, softenedAt)))
}
