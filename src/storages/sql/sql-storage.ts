import type { Capabilities, Storage } from '../../contracts/storage.ts'
import type { Clock } from '../../kernel/clock.ts'
import { Lifecycle, type LifeSteps } from '../lifecycle.ts'
import { sweepRegularly, type Sweeper } from '../sweeper.ts'
import type { Listed, SqlTable } from './sql-table.ts'

/** What there is once a database is open. */
interface OpenedTable {
  readonly table: SqlTable
}

/** What a dialect says of itself. */
export interface SqlStorageOptions<Opened extends OpenedTable> extends LifeSteps<Opened> {
  readonly kind: Storage['kind']
  readonly type: string
  readonly clock: Clock
  /** Milliseconds between two sweeps. */
  readonly sweepEvery: number
  /** What this dialect can do that others can't. */
  more?(whenOpen: WhenOpen<Opened>): Pick<Capabilities, 'feed' | 'serverStats'>
}

/** Does something with what was opened, and opens it before, if need be. */
type WhenOpen<Opened> = <Answer>(action: (opened: Opened) => Answer | Promise<Answer>) => Promise<Answer>

/** A storage over one table: its life, its sweeping, and every capability that is the same in all dialects. */
export function sqlStorage<Opened extends OpenedTable>(options: SqlStorageOptions<Opened>): Storage {
  const { kind, type } = options
  const life = new Lifecycle(type, swept(options))
  const onTable = <Answer>(action: (table: SqlTable) => Promise<Answer>): Promise<Answer> =>
    life.run(({ opened }) => action(opened.table))

  async function* list(what: Listed, prefix: string): AsyncGenerator<readonly string[]> {
    let after: string | undefined
    do {
      const from = after
      const page = await onTable((table) => table.page(what, prefix, from))
      if (page.keys.length > 0) yield page.keys
      after = page.last
    } while (after !== undefined)
  }

  return {
    kind,
    type,
    capabilities: {
      leases: {
        claimMany: (claims) => onTable((table) => table.claimMany(claims)),
        renewMany: (renewals) => onTable((table) => table.renewMany(renewals)),
        fulfilMany: (items) => onTable((table) => table.fulfilMany(items)),
        releaseMany: (leases) => onTable((table) => table.releaseMany(leases)),
      },
      markers: {
        ensureMany: (markers) => onTable((table) => table.ensureMany(markers)),
        changeMany: (changes) => onTable((table) => table.changeMany(changes)),
      },
      scan: { keys: (prefix) => list('entries', prefix), leases: (prefix) => list('leases', prefix) },
      time: { now: () => onTable((table) => table.now()) },
      ...options.more?.((action) => life.run(({ opened }) => action(opened))),
    },
    open: () => life.run(() => undefined),
    getMany: (keys) => onTable((table) => table.getMany(keys)),
    setMany: (items) => onTable((table) => table.setMany(items)),
    expireMany: (keys) => onTable((table) => table.expireMany(keys)),
    deleteMany: (keys) => onTable((table) => table.deleteMany(keys)),
    clear: (prefix) => onTable((table) => table.clear(prefix)),
    close: () => life.close(),
  }
}

interface Swept<Opened> {
  readonly opened: Opened
  readonly sweeper: Sweeper
}

/** The steps of a life, with a sweeper from opening to closing. */
function swept<Opened extends OpenedTable>(options: SqlStorageOptions<Opened>): LifeSteps<Swept<Opened>> {
  return {
    async open() {
      const opened = await options.open()
      return { opened, sweeper: sweepRegularly(options.clock, options.sweepEvery, () => opened.table.sweep()) }
    },
    hurry: ({ opened }) => options.hurry?.(opened),
    async close({ opened, sweeper }) {
      sweeper.stop()
      await options.close(opened)
    },
  }
}
