import type { Entry } from '../kernel/entry.ts'
import { CacheError } from '../kernel/errors.ts'
import { warn } from '../observe/events.ts'
import { asOfUnknown } from './change-tokens.ts'
import type { NodeFlight } from './errand.ts'
import type { Refusal } from './events.ts'
import type { AnyPlan, Places, Plan } from './plan.ts'
import { sealed } from './reach/after-load.ts'
import type { Route } from './route.ts'
import type { Copy } from './tiers/local-tier.ts'
import type { RemoteTier } from './tiers/remote-tier.ts'

/**
 * Keeps what a flight has loaded: the authority first, the copies above it only after it accepted, and each only while
 * fence and lease stand. Failing is told, never thrown: the callers have their answer.
 */
export async function keep<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  entry: Entry<Value>,
  route: Route<Value>,
): Promise<void> {
  const { authority, commons } = plan
  if (flight.errand.surplus) return
  if (authority === undefined) {
    if (flight.fenced) keepLocally(plan, flight.key, entry, flight.errand)
    else refused(plan, flight, 'fence')
    return
  }
  if (route.down.has(authority)) {
    if (flight.fenced) keepLocally(plan, flight.key, entry, emergency(flight), commons.blindTtl)
    return
  }
  try {
    const written = await commons.changes.run([flight.key], () => writeAuthority(plan, flight, entry, authority))
    if (written === undefined) return
    await copyUp(plan, flight, written, plan.remoteTiers.length - 1, route)
    if (commons.events.wanted.write) commons.events.emit('write', { node: plan.name, key: flight.key })
  } catch (error) {
    notKept(plan, flight.key, error)
  }
}

/**
 * Fills the tiers above a remote one with an entry found or written there, but for those that are down.
 * @returns what has to be waited for, if anything has
 */
export function copyUp<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  entry: Entry<Value>,
  depth: number,
  route: Route<Value>,
): Promise<void> | undefined {
  // What a tier above the authority had may be of any age.
  const { epoch, asOf } = flight.errand
  const origin = { epoch, asOf: depth === plan.remoteTiers.length - 1 ? asOf : asOfUnknown }
  const keep = (): void => {
    if (flight.fenced) keepLocally(plan, flight.key, entry, origin)
  }
  const hosts = depth === 0 ? [] : plan.remoteTiers.slice(0, depth).filter((tier) => !route.down.has(tier))
  if (hosts.length > 0) return copyToHosts(plan, flight, entry, hosts).then(keep)
  // At once, where nothing has to be waited for: the next caller shall find it.
  keep()
  return undefined
}

/** Gives a lease back that won't be used. If that fails it runs out by itself. */
export function release<Params, Value>(plan: Plan<Params, Value>, flight: NodeFlight<Params, Value>): void {
  const { token } = flight.errand
  if (token === undefined || plan.authority === undefined) return
  flight.errand.token = undefined
  giveBack(plan, flight.key, token, plan.authority)
}

/** Keeps an entry in the private tiers. @param origin when the flight that brought it began */
export function keepLocally<Value>(
  plan: Places<Value>,
  key: string,
  entry: Entry<Value>,
  { epoch, asOf }: Pick<Copy, 'epoch' | 'asOf'>,
  atMost: number = Infinity,
): void {
  const now = plan.commons.clock.now()
  const { value, createdAt, staleAt, expiredAt, stamp } = entry
  const copy = { value, createdAt, staleAt, expiredAt, stamp, epoch, asOf }
  for (const tier of plan.localTiers) tier.put(key, copy, now, atMost)
}

// Served for a moment without a look below, though no feed is heard; unless one has been since the flight began.
function emergency<Params, Value>({ errand }: NodeFlight<Params, Value>): Pick<Copy, 'epoch' | 'asOf'> {
  const { epochs, epoch, asOf } = errand
  return { epoch: epoch === epochs.stamp ? epochs.emergency : epoch, asOf }
}

// Returns the entry as it was written.
async function writeAuthority<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  loaded: Entry<Value>,
  authority: RemoteTier<Value>,
): Promise<Entry<Value> | undefined> {
  // Nothing is waited for where there are no tags.
  const entry = loaded.stamp === undefined ? loaded : await sealedOrReleased(plan, flight, loaded, authority)
  if (entry === undefined || !flight.fenced) {
    refused(plan, flight, flight.fenced ? 'tag' : flight.errand.leaseLost ? 'lease' : 'fence')
    // What may not be written is nobody's any more either.
    flight.breakFence()
    release(plan, flight)
    return undefined
  }
  flight.errand.entry = entry
  const { token } = flight.errand
  if (token === undefined) {
    await authority.write([{ key: flight.key, entry }])
    return entry
  }
  flight.errand.token = undefined
  try {
    const written = await authority.fulfil({ key: flight.key, entry }, token)
    if (!written) refused(plan, flight, 'lease')
    return written ? entry : undefined
  } catch (error) {
    // What was not written would keep everybody waiting until the lease runs out.
    giveBack(plan, flight.key, token, authority)
    throw error
  }
}

async function sealedOrReleased<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  entry: Entry<Value>,
  authority: RemoteTier<Value>,
): Promise<Entry<Value> | undefined> {
  if (!flight.fenced) return undefined
  try {
    return await sealed(plan, flight, authority, entry)
  } catch (error) {
    release(plan, flight)
    throw error
  }
}

function giveBack<Value>(plan: AnyPlan, key: string, token: string, authority: RemoteTier<Value>): void {
  plan.commons.background.own(authority.release(key, token).catch(() => {}))
}

async function copyToHosts<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  entry: Entry<Value>,
  hosts: readonly RemoteTier<Value>[],
): Promise<void> {
  await plan.commons.changes.run([flight.key], async () => {
    for (const tier of [...hosts].reverse()) {
      if (!flight.fenced) return
      try {
        const written = await tier.write([{ key: flight.key, entry }])
        if (flight.fenced) written.cover(flight.errand.epoch)
      } catch (error) {
        notKept(plan, flight.key, error)
      }
    }
  })
}

function refused<Params, Value>(plan: Plan<Params, Value>, flight: NodeFlight<Params, Value>, reason: Refusal): void {
  const { counters, commons, name } = plan
  counters.refusedWrites[reason]++
  if (commons.events.wanted.writeRefused) commons.events.emit('writeRefused', { node: name, key: flight.key, reason })
}

/** Tells that a loaded value was not kept. */
export function notKept(plan: AnyPlan, key: string, error: unknown): void {
  const { counters, commons, name } = plan
  // Once per node, whoever listens: a value that can never be kept is a mistake in the program, not an outage.
  const isMistake = !(error instanceof CacheError && error.code === 'STORAGE_UNAVAILABLE')
  if (isMistake && counters.failedWrites === 0) warn(`node '${name}': a loaded value was not kept: ${String(error)}`)
  counters.failedWrites++
  if (commons.events.wanted.writeFailure) commons.events.emit('writeFailure', { node: name, key, error })
}
