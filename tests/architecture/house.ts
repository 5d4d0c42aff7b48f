/**
 * The house: the rooms of every floor, from the ground up. An import goes down, or stays in its room.
 * A room is the first folder under `src`.
 */
const floors: readonly (readonly string[])[] = [
  ['kernel', 'contracts', 'clients'],
  ['structures', 'policies', 'filters', 'serializers', 'flight', 'observe'],
  ['local', 'storages', 'wrappers', 'feeds'],
  ['core'],
  ['client'],
  ['testing', 'telemetry', 'dashboard', 'simulator', 'cli', 'integrations'],
  ['doors'],
]

/** The only imports between rooms of one floor: who, and from where. */
export const siblings: Readonly<Record<string, readonly string[]>> = {
  contracts: ['kernel'],
  clients: ['kernel'],
  policies: ['structures'],
  filters: ['structures'],
  cli: ['simulator'],
}

/** What a door must not load, as the beginnings of paths under `src`.  */
export const doorsLeaveOut: Readonly<Record<string, readonly string[]>> = {
  index: ['storages/sql', 'storages/file', 'storages/redis', 'storages/memcached', 'storages/mongodb', 'testing/'],
  memory: ['flight/', 'storages/', 'wrappers/', 'feeds/', 'core/', 'client/', 'testing/'],
  sqlite: ['storages/file', 'core/', 'client/', 'testing/'],
  mongodb: ['storages/sql', 'storages/file', 'core/', 'client/', 'testing/'],
  postgres: ['storages/sql/sqlite', 'storages/sql/mysql', 'storages/file', 'core/', 'client/', 'testing/'],
  mysql: ['storages/sql/sqlite', 'storages/sql/postgres', 'storages/file', 'core/', 'client/', 'testing/'],
  file: ['storages/sql', 'core/', 'client/', 'testing/'],
  memcached: ['storages/sql', 'storages/file', 'core/', 'client/', 'testing/'],
  redis: ['storages/sql', 'storages/file', 'core/', 'client/', 'testing/'],
  testing: [],
  simulator: ['local/', 'flight/', 'storages/', 'wrappers/', 'feeds/', 'core/', 'client/', 'testing/', 'cli/'],
}

/** `testing/clock.ts` is in the room `testing`, `core/tiers/breaker.ts` in `core`. */
export function roomOf(path: string): string {
  const parts = path.split('/')
  return parts.length > 1 ? (parts[0] ?? '') : ''
}

export function floorOf(room: string): number | undefined {
  const floor = floors.findIndex((rooms) => rooms.includes(room))
  return floor === -1 ? undefined : floor
}
