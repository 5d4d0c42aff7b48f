import type { FleetOptions } from 'tiercel/testing'
import type { Mutation } from './mutated.ts'

/** A fault that somebody's cache once had, or ours would have without one of its guards. */
export interface Mutant {
  readonly name: string
  readonly mutations: readonly Mutation[]
  /** In what fleet it shows most; else in any. */
  readonly fleet?: Omit<FleetOptions, 'seed'>
}

// Copies in memory alone, nothing served stale, and the feed often lost and mended.
const bumpy = {
  label: 'none',
  trouble: 'feed',
  tiers: 'memory',
  staleWhileRevalidate: 0,
  staleIfError: 0,
  failing: 0,
  feed: { delays: [0] },
  wait: 2_000,
} as const

const quick = [
  [1, 0],
  [1, 3],
] as const

const slow = [
  [1, 0],
  [2, 60],
  [3, 150],
  [3, 280],
] as const

// Loads are slow, and what they carry is often invalidated.
const labelled = { ...bumpy, trouble: 'none', keys: 1, delays: [0, 1, 2, 5], loadTimes: slow } as const

const tagsForgetFlights: readonly Mutation[] = [
  {
    file: 'core/reach/change-labels.ts',
    from: 'flights.breakWhere(({ errand }) => errand.labels.some(({ key }) => keys.has(key)))',
    to: 'void flights',
  },
]

/** The mutants that the simulator must find. */
export const mutants: readonly Mutant[] = [
  {
    name: 'DEFECTS 10: invalidating a key does not reach a load under way',
    mutations: [
      {
        file: 'core/change.ts',
        from: '  commons.flights.break(key)\n  commons.lookups.break(key)\n  errors.forget(key)\n  return',
        to: '  errors.forget(key)\n  return',
      },
    ],
  },
  {
    name: 'DEFECTS 10: invalidating a node does not reach loads under way',
    mutations: [{ file: 'core/change.ts', from: '  commons.flights.breakUnder(keys.head)\n', to: '' }],
  },
  {
    name: 'DEFECTS 10: clearing does not reach loads under way',
    mutations: [{ file: 'core/whole-storages.ts', from: '    commons.flights.breakUnder(head)\n', to: '' }],
    fleet: {
      terms: { ...bumpy, trouble: 'none', keys: 1, delays: [0, 1, 2, 5], feed: undefined, loadTimes: slow },
      processes: 2,
    },
  },
  {
    name: 'DEFECTS 13: what was read below is copied up, whatever was told meanwhile',
    mutations: [
      {
        file: 'core/write.ts',
        from: '  const keep = (): void => {\n    if (flight.fenced) keepLocally(plan, flight.key, entry, origin)\n',
        to: '  const keep = (): void => {\n    keepLocally(plan, flight.key, entry, origin)\n',
      },
    ],
  },
  {
    name: 'an invalidation drops copies once, when it is called',
    mutations: [
      {
        file: 'core/change.ts',
        from: '    } finally {\n      for (const key of keys) cut(plan, key)\n',
        to: '    } finally {\n',
      },
    ],
  },
  {
    name: 'a clear drops copies once',
    mutations: [{ file: 'core/whole-storages.ts', from: '    } finally {\n      cut()\n', to: '    } finally {\n' }],
  },
  {
    name: 'a feed message drops no copies',
    mutations: [
      { file: 'core/sync/sync.ts', from: '    for (const local of this.#locals) local.delete(key)\n', to: '' },
    ],
  },
  {
    name: 'a feed message leaves the copies on the host as covered',
    mutations: [
      { file: 'core/sync/sync.ts', from: '    for (const host of this.hosts.values()) host.forget(key)\n', to: '' },
    ],
  },
  {
    name: 'a feed message does not fence a flight',
    mutations: [
      {
        file: 'core/sync/sync.ts',
        from: '    for (const table of [flights, lookups, sets]) this.#tellOff(',
        to: '    for (const table of [sets]) this.#tellOff(',
      },
    ],
  },
  {
    name: 'a feed message does not fence an explicit set',
    mutations: [
      {
        file: 'core/sync/sync.ts',
        from: '    for (const table of [flights, lookups, sets]) this.#tellOff(',
        to: '    for (const table of [flights, lookups]) this.#tellOff(',
      },
    ],
  },
  {
    // Whoever is told off at a resume keeps nothing anyway; this is the guard for those who are not.
    name: 'a copy takes its epoch at the end of its flight',
    mutations: [
      {
        file: 'core/write.ts',
        from: '  const keep = (): void => {\n    if (flight.fenced) keepLocally(plan, flight.key, entry, origin)\n',
        to: '  const keep = (): void => {\n    if (flight.fenced) keepLocally(plan, flight.key, entry, { ...origin, epoch: plan.epochs.stamp })\n',
      },
      { file: 'core/sync/sync.ts', from: "    if (before === 'blind') this.#tellOffAll()\n", to: '' },
    ],
    fleet: { terms: { ...bumpy, keys: 1, delays: [0, 0, 40], loadTimes: quick }, processes: 2, steps: 150 },
  },
  {
    name: 'a break begins no new epoch',
    mutations: [
      {
        file: 'core/sync/sync.ts',
        from: "    if (this.#state.state === 'blind') return\n    this.epochs.goBlind(clock.now())\n",
        to: "    if (this.#state.state === 'blind') return\n",
      },
    ],
  },
  {
    name: 'a feed that is taken up again leaves flights from before alone',
    mutations: [{ file: 'core/sync/sync.ts', from: "    if (before === 'blind') this.#tellOffAll()\n", to: '' }],
    fleet: { terms: { ...bumpy, keys: 1, delays: [0, 1, 2, 5], loadTimes: slow }, processes: 2, steps: 100 },
  },
  {
    name: 'where everything may have changed, copies are trusted',
    mutations: [
      {
        file: 'core/sync/sync.ts',
        from: "    if (this.#state.state === 'synchronised') this.epochs.follow(this.#parts.commons.clock.now())\n",
        to: '',
      },
    ],
  },
  {
    name: 'copies on the host are trusted, whoever left them there',
    mutations: [{ file: 'core/road.ts', from: '!isLast && !plan.epochs.trusts(entry.epoch)', to: 'false' }],
  },
  {
    name: 'the near road trusts every copy',
    mutations: [{ file: 'core/read.ts', from: ' || entry.epoch !== epochs.trusted', to: '' }],
  },
  {
    name: 'a peek trusts every copy',
    mutations: [{ file: 'core/read.ts', from: ' || !plan.epochs.trusts(entry.epoch)', to: '' }],
    fleet: { terms: { ...bumpy, keys: 2, delays: [0], loadTimes: quick }, processes: 2, steps: 100 },
  },
  {
    name: 'what others leave in memory is trusted: epochs begin alike everywhere',
    mutations: [
      {
        file: 'core/sync/epochs.ts',
        from: 'chance === undefined ? 0 : 1 + Math.floor(chance.fraction() * highestStart)',
        to: 'chance === undefined ? 0 : 1',
      },
    ],
    fleet: { terms: { ...bumpy, keys: 3, delays: [0], loadTimes: quick }, processes: 2, steps: 100 },
  },
  {
    name: 'a load writes without showing its lease',
    mutations: [
      { file: 'core/write.ts', from: '  if (token === undefined) {\n', to: '  if (token !== undefined) {\n' },
    ],
  },
  {
    name: 'whoever finds a lease taken loads and writes all the same',
    mutations: [{ file: 'core/lease.ts', from: '    flight.errand.surplus = true\n', to: '' }],
  },
  {
    name: 'DEFECTS 37: a change that the server did not confirm is forgotten',
    mutations: [{ file: 'core/tiers/owed.ts', from: '    else owed.owe(debt.keys, debt.head)\n', to: '' }],
    fleet: { terms: { trouble: 'data' } },
  },
  {
    name: 'a server that owes us a delete is read all the same',
    mutations: [
      {
        file: 'core/tiers/channel.ts',
        from: 'if (this.#isReady && this.owed.size === 0) return',
        to: 'if (this.#isReady) return',
      },
    ],
    fleet: { terms: { trouble: 'data' } },
  },
  {
    name: 'a set that timed out is made up for by a set',
    mutations: [
      {
        file: 'core/set.ts',
        from: 'return await owing(authority.channel.owed, debt, write)',
        to: `return await write().catch((error: unknown) => {
          const again = (): unknown =>
            authority.write([{ key, entry }]).catch(() => plan.commons.clock.after(100, again))
          void again()
          throw error
        })`,
      },
    ],
    fleet: { terms: { trouble: 'data' } },
  },
  {
    name: 'DEFECTS 10: invalidating a tag does not reach a load under way',
    mutations: tagsForgetFlights,
    fleet: { terms: { ...labelled, label: 'tag', feed: undefined }, processes: 2 },
  },
  {
    name: 'DEFECTS 10: invalidating a scope does not reach a load under way',
    mutations: tagsForgetFlights,
    fleet: { terms: { ...labelled, label: 'scope', feed: undefined }, processes: 2 },
  },
  {
    name: 'DEFECTS 13: a marker that changes while it is read goes unnoticed',
    mutations: [
      {
        file: 'core/reach/read-standing.ts',
        from: 'known.length, at: route.at }',
        to: 'known.length, at: plan.labels.count }',
      },
    ],
    fleet: { terms: { ...labelled, label: 'late tag' } },
  },
  {
    name: 'DEFECTS 10: invalidating a pattern does not reach a load under way',
    mutations: [
      {
        file: 'core/select/change-matching.ts',
        from: 'flights.breakWhere(({ key }) => match.isMeant(key))',
        to: 'void flights',
      },
    ],
    fleet: { terms: { ...labelled, label: 'none', feed: undefined }, processes: 2 },
  },
  {
    name: 'DEFECTS 12: an entry is valid, whatever its markers say',
    mutations: [
      {
        file: 'core/reach/read-standing.ts',
        from: 'if (version === undefined ? isRead || label.changedAt > 0 : !carried.isHard(index, version.hard)) return undefined',
        to: 'if (version !== undefined && label.changedAt > Infinity) return undefined',
      },
    ],
    fleet: { terms: { ...labelled, label: 'tag' } },
  },
  {
    name: 'the version of a tag that the result tells is adopted after the load',
    mutations: [
      {
        file: 'core/reach/after-load.ts',
        from: 'if (!own.every((version, index) => isSame(version, seenBefore[index]))) {',
        to: 'if (seenBefore.length < 0) {',
      },
    ],
    fleet: { terms: { ...labelled, label: 'late tag' } },
  },
]
