import type { Serializer } from '../contracts/serializer.ts'
import { Departures } from '../flight/departures.ts'
import { Semaphore } from '../flight/semaphore.ts'
import { type Duration, parseDuration, parsePositiveDuration } from '../kernel/duration.ts'
import { invalidOption } from '../kernel/errors.ts'
import { keySpace, plainNode, prefixHead } from '../kernel/keys.ts'
import { NodeCounters } from '../observe/counters.ts'
import type { PlanParts } from './defaults.ts'
import type { LeaseOptions, LimitOptions, Definition } from './definition.ts'
import type { NodeFlight } from './errand.ts'
import { outside } from './commons.ts'
import { ErrorMemory } from './error-memory.ts'
import { resolveLifetime } from './lifetime.ts'
import type { Lease, Limits, Plan } from './plan.ts'
import { resolveReach } from './reach/resolve-reach.ts'
import { resolveTiers } from './resolve-tiers.ts'
import { travel } from './road.ts'

const defaultHardLimit = 30_000
const defaultDetached = 100
const defaultMaxBatch = 1_000
const defaultLease: Lease = { ttl: 10_000, wait: 5_000, retryEvery: 50 }

/**
 * Resolves a definition against its cache: every option parsed, every tier dressed, nothing left to decide per call.
 * @throws CacheError `INVALID_OPTION` that says what was expected, what came, and where
 */
export function resolvePlan<Params, Value>(options: Definition<Params, Value>, parts: PlanParts): Plan<Params, Value> {
  const { commons, defaults } = parts
  // What a cache says for all its nodes is refused when its entries without a node are resolved.
  const where = options.name === plainNode ? 'createCache' : `node '${options.name}'`
  refuseNonsense(options, where)
  refuseNoSerializer(options.serializer ?? defaults.serializer, where)
  const tiers = resolveTiers(options, parts, where)
  const keys = keySpace({ prefix: defaults.prefix, node: options.name, version: options.version }, tiers.maxKeyBytes)
  const enabled = options.enabled ?? defaults.enabled ?? true
  const { key = (params: Params) => defaults.keys([params]) } = options
  const authority = tiers.remote.at(-1)
  const labels = authority?.channel.labels ?? commons.labels
  const { reach, wholeReach, scopeOf } = resolveReach(options, parts, { authority, labels, where })
  const errors = new ErrorMemory()
  if (reach !== undefined) commons.errors.add(errors)
  tiers.sync?.cover({ errors, locals: tiers.local.map((tier) => tier.storage) })

  const plan: Plan<Params, Value> = Object.freeze({
    name: options.name,
    commons,
    keys,
    listHead: scopeOf === undefined ? keys.head : `${prefixHead(defaults.prefix)}~`,
    keyOf:
      scopeOf === undefined
        ? (params: Params) => keys.full(key(params))
        : (params: Params) => keys.fullIn(scopeOf(params), key(params)),
    localTiers: tiers.local,
    remoteTiers: tiers.remote,
    authority,
    labels,
    reach,
    wholeReach,
    epochs: tiers.epochs,
    nearest: enabled ? tiers.local[0] : undefined,
    lifetime: resolveLifetime(options, where, tiers.ttl),
    load: options.load,
    loadMany: options.loadMany,
    maxBatch: parseCount(options.maxBatch ?? defaultMaxBatch, `${where}: maxBatch`),
    limits: resolveLimits({ ...defaults.limits, ...options.limits }, where),
    lease: resolveLease({ ...defaults.lease, ...options.lease }, where),
    enabled,
    counters: new NodeCounters(),
    errors,
    departures: new Departures<NodeFlight<Params, Value>>((flights) =>
      // A flight belongs to all its callers, so it runs in the context of none.
      outside(() => commons.background.own(travel(plan, flights))),
    ),
  })
  return plan
}

function resolveLimits(options: LimitOptions, where: string): Limits {
  const { soft, hard = defaultHardLimit, concurrency, detached = defaultDetached } = options
  return Object.freeze({
    soft: soft === undefined ? Infinity : parseDuration(soft, `${where}: limits.soft`),
    hard: parsePositiveDuration(hard, `${where}: limits.hard`),
    detached: parseCount(detached, `${where}: limits.detached`),
    concurrency:
      concurrency === undefined ? undefined : new Semaphore(parseCount(concurrency, `${where}: limits.concurrency`)),
  })
}

function resolveLease(options: LeaseOptions, where: string): Lease {
  const { ttl, wait, retryEvery } = options
  return Object.freeze({
    ttl: ttl === undefined ? defaultLease.ttl : parseFinite(ttl, `${where}: lease.ttl`),
    wait: wait === undefined ? defaultLease.wait : parseDuration(wait, `${where}: lease.wait`),
    retryEvery:
      retryEvery === undefined ? defaultLease.retryEvery : parseFinite(retryEvery, `${where}: lease.retryEvery`),
  })
}

// A lease for ever would be one that a dead holder keeps for ever.
function parseFinite(duration: Duration, where: string): number {
  const milliseconds = parsePositiveDuration(duration, where)
  if (milliseconds === Infinity) throw invalidOption(where, 'a duration with an end', duration)
  return milliseconds
}

function parseCount(count: number, where: string): number {
  if (Number.isSafeInteger(count) && count >= 1) return count
  throw invalidOption(where, 'a whole number of 1 or more', count)
}

function refuseNoSerializer(serializer: Partial<Serializer> | undefined, where: string): void {
  if (serializer === undefined) return
  const { name, encode, decode } = serializer
  if (typeof name === 'string' && typeof encode === 'function' && typeof decode === 'function') return
  throw invalidOption(`${where}: serializer`, 'a serializer, like json() or structured()', serializer)
}

function refuseNonsense<Params, Value>(options: Definition<Params, Value>, where: string): void {
  const { name, version, key, load, loadMany } = options
  if (typeof name !== 'string' || name === '') throw invalidOption('node: name', 'a name', name)
  if (version !== undefined && typeof version !== 'string')
    throw invalidOption(`${where}: version`, 'a string', version)
  for (const [option, value] of Object.entries({ key, load, loadMany, scopeParams: options.scopeParams })) {
    if (value !== undefined && typeof value !== 'function')
      throw invalidOption(`${where}: ${option}`, 'a function', value)
  }
}
