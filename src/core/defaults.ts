import type { ArgumentsToKey } from '../kernel/arguments.ts'
import type { MarkerKeys } from '../kernel/marker-keys.ts'
import type { Duration } from '../kernel/duration.ts'
import type { Commons } from './commons.ts'
import type { SharedOptions } from './definition.ts'
import type { Scopes } from './reach/scopes.ts'
import type { Storages } from './storages.ts'

/** What a cache says for all its nodes. */
export interface Defaults extends SharedOptions {
  readonly prefix: string
  readonly ttl: Duration | null | undefined
  readonly keys: ArgumentsToKey
  readonly scopes: Scopes
  readonly markerKeys: MarkerKeys
}

/** What a definition is resolved against. */
export interface PlanParts {
  readonly commons: Commons
  readonly storages: Storages
  readonly defaults: Defaults
}
