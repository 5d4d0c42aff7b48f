export { createCache } from '../client/create-cache.ts'
export type { CacheOptions } from '../client/create-cache.ts'
export { openStorage } from '../client/open-storage.ts'
export type { OpenedStorage, StorageOptions, StorageOptionsByScheme } from '../client/open-storage.ts'
export type { Cache, Purged } from '../client/cache.ts'
export type { AfterCommit, Committed } from '../client/after-commit.ts'
export type { StorageSync } from '../client/storages-sync.ts'
export type { CacheStats, StorageSummary } from '../client/cache-stats.ts'
export type { MemoizedFunction, MemoizeOptions } from '../client/memoize.ts'
export type { BoundCall, MemoizedMethodOptions, MethodCall, Self } from '../client/memoized-method.ts'
export type { GetOrLoadOptions, ReadOptions, ScopeOptions, SetOptions } from '../client/plain-entries.ts'
export type { Change, Removal } from '../core/change-tokens.ts'
export type {
  GetManyOptions,
  GetOptions,
  LeaseOptions,
  LimitOptions,
  Load,
  LoadContext,
  LoadMany,
  NodeOptions,
  NodeTerms,
  SharedOptions,
  TierOptions,
} from '../core/definition.ts'
export type { CacheEvents, Refusal } from '../core/events.ts'
export type { EmitterSource, EventSource, ListenOptions, TargetSource } from '../core/invalidate-on.ts'
export type { LifetimeOptions, Ttl } from '../core/lifetime.ts'
export type { AnyNode, CacheNode, LoadlessNode } from '../core/node.ts'
export { defineScopes } from '../core/reach/scopes.ts'
export type {
  ScopeLevel,
  ScopeName,
  ScopeParams,
  ScopePath,
  Scopes,
  ScopeTree,
  ScopeValue,
} from '../core/reach/scopes.ts'
export type { Tags } from '../core/reach/tags.ts'
export type { Changed } from '../core/select/change-selected.ts'
export type { Selector } from '../core/select/selector.ts'
export type { SyncCounts, SyncState } from '../core/sync/sync.ts'
export type { NodeStats, TierStats } from '../core/stats.ts'
export type { AnyStorage } from '../core/storages.ts'
export type { LatencySummary } from '../observe/latency.ts'
export type { Off } from '../observe/events.ts'
export { keys } from '../kernel/arguments.ts'
export type { ArgumentsToKey } from '../kernel/arguments.ts'
export type { Chance } from '../kernel/chance.ts'
export type { Clock, Timer } from '../kernel/clock.ts'
export type { Duration } from '../kernel/duration.ts'
export { CacheError } from '../kernel/errors.ts'
export type { CacheErrorCode } from '../kernel/errors.ts'
export type { Bus, BusListener, BusSeat } from '../contracts/bus.ts'
export type { EvictionReason, LocalStorage, LocalStorageStats } from '../contracts/local-storage.ts'
export type { TransactionClient } from '../clients/transaction-client.ts'
export type { Serializer } from '../contracts/serializer.ts'
export type {
  Capabilities,
  Claim,
  ClaimAnswer,
  Feed,
  FeedListener,
  Leases,
  MarkerChange,
  Markers,
  Scan,
  ServerFigures,
  ServerStats,
  Storage,
  Stored,
  StoredItem,
  Time,
} from '../contracts/storage.ts'
export { channelBus } from '../feeds/channel-bus.ts'
export { memoryBus } from '../feeds/memory-bus.ts'
export { withBus } from '../feeds/with-bus.ts'
export type { BusOptions, BusStorage } from '../feeds/with-bus.ts'
export { memory, MemoryCache } from '../local/memory-cache.ts'
export type { MemoryCacheOptions } from '../local/memory-cache-options.ts'
export { json } from '../serializers/json.ts'
export { structured } from '../serializers/structured.ts'
export { nullStorage } from '../storages/null.ts'
