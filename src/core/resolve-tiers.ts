import type { LocalStorage } from '../contracts/local-storage.ts'
import { parsePositiveDuration } from '../kernel/duration.ts'
import { invalidOption } from '../kernel/errors.ts'
import { json } from '../serializers/json.ts'
import type { Definition, TierOptions } from './definition.ts'
import type { PlanParts } from './defaults.ts'
import { parseTtl } from './lifetime.ts'
import { toldOfMarkers } from './reach/told-of-markers.ts'
import type { Storages } from './storages.ts'
import { type Epochs, unfed } from './sync/epochs.ts'
import { Sync } from './sync/sync.ts'
import type { Channel } from './tiers/channel.ts'
import { type Copy, LocalTier } from './tiers/local-tier.ts'
import { RemoteTier } from './tiers/remote-tier.ts'

const defaultTtl = 5 * 60_000
const defaultCopyTtl = 30_000
const defaultTimeLimit = 1_000

// Keys beyond it end in a digest, even where the storage would take them: nobody reads that far.
const longestKey = 512

/** The tiers of a node, dressed, and what follows from them. */
export interface Tiers<Value> {
  readonly local: readonly LocalTier<Value>[]
  readonly remote: readonly RemoteTier<Value>[]
  /** Milliseconds values are fresh by the last tier's word, or the cache's. */
  readonly ttl: number
  readonly maxKeyBytes: number
  /** What keeps its copies true; absent where there are none, or the authority has no feed. */
  readonly sync: Sync | undefined
  readonly epochs: Epochs
}

/**
 * Resolves the tiers of a definition: memory first, then the others; the last is the authority.
 * @throws CacheError `INVALID_OPTION`
 */
export function resolveTiers<Params, Value>(
  options: Definition<Params, Value>,
  parts: PlanParts,
  where: string,
): Tiers<Value> {
  const { commons, storages, defaults } = parts
  const wanted = options.tiers ?? defaults.tiers ?? byDefault(storages)
  if (!(wanted.length > 0)) throw invalidOption(`${where}: tiers`, 'at least one tier', wanted)
  const last = wanted.length - 1
  const authority = wanted.map(channelOf).findLast((channel) => channel !== undefined)

  const sync = wanted.length > 1 ? syncOf(authority, parts) : undefined
  const epochs = sync?.epochs ?? unfed
  const local: LocalTier<Value>[] = []
  const remote: RemoteTier<Value>[] = []
  for (const [index, tier] of wanted.entries()) {
    const at = `${where}: tiers[${index}]`
    if (wanted.findIndex((other) => other.storage === tier.storage) !== index) {
      throw invalidOption(`${at}.storage`, 'each storage once', tier.storage)
    }
    const storage = storages.named(tier.storage, `${at}.storage`)
    const ttl = index === last ? Infinity : copyTtl(tier, authority !== undefined, at)
    if (storage.kind === 'private') {
      if (remote.length > 0) throw invalidOption(at, 'memory before everything else', tier.storage)
      // The core puts nothing but entries into it.
      local.push(new LocalTier(tier.storage, storage as LocalStorage<Copy<Value>>, ttl))
      continue
    }
    const channel = channelOf(tier)
    if (channel === undefined || authority === undefined) continue
    const serializer = options.serializer ?? defaults.serializer ?? json()
    const timeLimit = parsePositiveDuration(tier.timeLimit ?? defaultTimeLimit, `${at}.timeLimit`)
    const coverage = channel === authority ? undefined : sync?.hostNamed(channel.name)
    channel.patience = Math.max(channel.patience, timeLimit)
    remote.push(new RemoteTier({ channel, authority, serializer, ttl, timeLimit, coverage, ...commons.tools }))
  }
  return {
    local,
    remote,
    sync,
    epochs,
    ttl: freshnessTtl(),
    maxKeyBytes: Math.min(longestKey, ...remote.map((tier) => tier.channel.storage.maxKeyBytes ?? longestKey)),
  }

  function channelOf(tier: TierOptions): Channel | undefined {
    return storages.channels.get(tier.storage)
  }

  // `null` is an answer (for ever), `undefined` is none.
  function freshnessTtl(): number {
    const ofTier = wanted[last]?.ttl
    if (ofTier !== undefined) return parseTtl(ofTier, `${where}: tiers[${last}]`)
    return defaults.ttl === undefined ? defaultTtl : parseTtl(defaults.ttl, 'createCache')
  }
}

function syncOf(authority: Channel | undefined, { commons, defaults }: PlanParts): Sync | undefined {
  const { feed } = authority?.storage.capabilities ?? {}
  if (authority === undefined || feed === undefined) return undefined
  const sync = authority.follow(() => new Sync({ storage: authority.name, feed, prefix: defaults.prefix, commons }))
  sync.onMarkers = (keys) => toldOfMarkers(commons, authority, keys)
  return sync
}

function byDefault(storages: Storages): readonly TierOptions[] {
  const named = [...storages.all].map(([storage, { kind }]) => ({ storage, kind }))
  return [...named.filter((tier) => tier.kind === 'private'), ...named.filter((tier) => tier.kind !== 'private')]
}

function copyTtl(tier: TierOptions, aboveRemote: boolean, where: string): number {
  if (tier.ttl !== undefined) return parseTtl(tier.ttl, where)
  return aboveRemote ? defaultCopyTtl : Infinity
}
