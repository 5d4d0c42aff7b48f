import assert from 'node:assert/strict'
import type { Storage } from '../../contracts/storage.ts'
import { deletionCases } from './deletion-cases.ts'
import { entryCases } from './entry-cases.ts'
import { feedCases } from './feed-cases.ts'
import { leaseCases } from './lease-cases.ts'
import { lifeCases } from './life-cases.ts'
import { lifetimeCases } from './lifetime-cases.ts'
import { markerCases } from './marker-cases.ts'
import { serverStatsCases } from './server-stats-cases.ts'
import type { Bench, Need } from './storage-case.ts'

/** The functions of a test runner that the suite uses: those of vitest, `node:test`, Jest, Mocha, … */
export interface TestRunner {
  readonly describe: (title: string, body: () => void) => unknown
  readonly test: (title: string, body: () => Promise<void>) => unknown
}

/** A storage to be tested, and what can't be asked of it. */
export interface StorageSubject {
  readonly name: string
  /** A fresh storage on data of its own, for one test. */
  open(): Promise<StorageUnderTest>
  /**
   * What it can't do, and why: one sentence each, which becomes part of a test's title. What isn't named here
   * must be there.
   */
  readonly cannot?: { readonly [What in Need]?: string }
}

/** One storage, for one test. */
export interface StorageUnderTest {
  readonly storage: Storage
  /** Makes one more instance on the same data, as another process would have it. */
  another?(): Promise<Storage>
  /** Turns the clock the storage lives by. Without it the suite waits, a few milliseconds at a time. */
  advance?(milliseconds: number): Promise<void>
  /** Takes the data away after the test. The suite has closed the storage, and others it asked for. */
  remove?(): Promise<void>
}

/**
 * Everything that holds for a storage, as tests. A capability that is there is tested; one that isn't must have a
 * reason in `cannot`.
 *
 * @example
 * storageConformance({ name: 'mine', open: async () => ({ storage: myStorage() }) }, { describe, test })
 */
export function storageConformance(subject: StorageSubject, { describe, test }: TestRunner): void {
  const cannot = subject.cannot ?? {}
  describe(`${subject.name} is a storage that`, () => {
    for (const [what, reason] of Object.entries(cannot)) {
      test(`has no ${what}: ${reason}`, () => withBench(subject, (bench, made) => lacks(what as Need, bench, made)))
    }
    for (const { title, needs = [], run } of cases) {
      if (needs.some((need) => cannot[need] !== undefined)) continue
      test(title, () => withBench(subject, run))
    }
  })
}

const cases = [
  ...entryCases,
  ...lifetimeCases,
  ...deletionCases,
  ...leaseCases,
  ...markerCases,
  ...feedCases,
  ...lifeCases,
  ...serverStatsCases,
]

async function withBench(
  subject: StorageSubject,
  run: (bench: Bench, made: StorageUnderTest) => Promise<void>,
): Promise<void> {
  const made = await subject.open()
  const { storage } = made
  const others: Storage[] = []
  const bench: Bench = {
    storage,
    get leases() {
      return present(storage.capabilities.leases, 'leases')
    },
    get markers() {
      return present(storage.capabilities.markers, 'markers')
    },
    get scan() {
      return present(storage.capabilities.scan, 'scan')
    },
    get time() {
      return present(storage.capabilities.time, 'time')
    },
    get feed() {
      return present(storage.capabilities.feed, 'feed')
    },
    async another() {
      const other = await present(made.another?.bind(made), 'another')()
      others.push(other)
      return other
    },
    advance: made.advance?.bind(made) ?? waitFor,
    now: () => storage.capabilities.time?.now() ?? Promise.resolve(Date.now()),
  }
  try {
    await run(bench, made)
  } finally {
    await Promise.all([storage, ...others].map((one) => one.close()))
    await made.remove?.()
  }
}

function present<Thing>(thing: Thing | undefined, what: Need): Thing {
  assert.ok(thing !== undefined, `there is no ${what}: say why in \`cannot\``)
  return thing
}

async function lacks(what: Need, { storage }: Bench, made: StorageUnderTest): Promise<void> {
  const isThere = {
    leases: storage.capabilities.leases !== undefined,
    markers: storage.capabilities.markers !== undefined,
    scan: storage.capabilities.scan !== undefined,
    time: storage.capabilities.time !== undefined,
    feed: storage.capabilities.feed !== undefined,
    another: made.another !== undefined,
    clock: made.advance !== undefined,
  }
  assert.ok(!isThere[what], `it has: take \`${what}\` out of \`cannot\``)
}

/** For clocks that can't be turned. Timers may fire early by a fraction of a millisecond, and clocks round. */
function waitFor(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds + 2))
}
