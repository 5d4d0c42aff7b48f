import type { Claim, ClaimAnswer, MarkerChange, Stored, StoredItem } from '../../../contracts/storage.ts'
import { CacheError } from '../../../kernel/errors.ts'
import { staleStored } from '../../stale-stored.ts'
import type { KeyPage, SqlTable } from '../sql-table.ts'
import { batchesOf, bytesOf, idsOf, type Step } from './batches.ts'
import type { Connections } from './connections.ts'
import { idRangeOf, keyBytesOf, rowIdOf, type RowId } from './row-id.ts'
import type { FoundRow, IdRange, ListedRow, SqlDialect, StaleStep } from './sql-dialect.ts'

const keysPerPage = 500
const rowsPerSweep = 500
// A key that changes this often while it is made stale is made stale by nobody.
const mostLooks = 20

/** A table on a server: what a call asks for, cut into statements of a dialect. */
export function serverTable<Client>(connections: Connections<Client>, dialect: SqlDialect<Client>): SqlTable {
  /**
   * Runs a call batch by batch, and answers with what `run` has put in each place. It may be run twice on a batch, so it
   * commits at most once: what `isSpecial` needs a statement of its own.
   */
  const inBatches = async <Thing extends { readonly key: string }, Answer>(
    things: readonly Thing[],
    run: (client: Client, batch: readonly Step<Thing>[], answers: Answer[], isSpecial: boolean) => Promise<void>,
    isSpecial?: (thing: Thing) => boolean,
  ): Promise<Answer[]> => {
    const answers = new Array<Answer>(things.length)
    for (const batch of batchesOf(things, dialect.limits)) {
      for (const part of parted(batch, isSpecial)) {
        await connections.use((client) => run(client, part.steps, answers, part.isSpecial))
      }
    }
    return answers
  }

  /** As {@link inBatches}, but for entries that are too large. @returns the error for those, if there are any */
  const inFittingBatches = async <Item extends StoredItem>(
    items: readonly Item[],
    run: (client: Client, batch: readonly Step<Item>[]) => Promise<void>,
  ): Promise<CacheError | undefined> => {
    let largest = 0
    for (const batch of batchesOf(items, dialect.limits)) {
      const fitting = batch.filter((step) => {
        const bytes = bytesOf(step)
        if (bytes > dialect.entryLimit.bytes) largest = Math.max(largest, bytes)
        return bytes <= dialect.entryLimit.bytes
      })
      if (fitting.length > 0) await connections.use((client) => run(client, fitting))
    }
    return largest === 0 ? undefined : tooLarge(largest, dialect.entryLimit)
  }

  const listRange = (
    prefix: string,
    after: Uint8Array | undefined,
    what: IdRange['what'],
  ): Promise<readonly ListedRow[]> => {
    const [from, to] = idRangeOf(Buffer.from(prefix))
    return connections.use((client) => dialect.list(client, { from, to, after, limit: keysPerPage, what }))
  }

  return {
    now: () => connections.use((client) => dialect.now(client)),

    async getMany(keys) {
      const asked = keys.map(rowIdOf)
      const found = new Map<string, Stored>()
      for (let start = 0; start < asked.length; start += dialect.limits.rows) {
        const ids = idsOf(asked.slice(start, start + dialect.limits.rows))
        for (const row of await connections.use((client) => dialect.read(client, ids))) {
          const stored = storedOf(row)
          if (stored !== undefined) found.set(row.name, stored)
        }
      }
      return answersFor(asked, found)
    },

    async setMany(items) {
      const last = [...new Map(items.map((item) => [item.key, item])).values()]
      const oversized = await inFittingBatches(last, (client, batch) => dialect.write(client, batch))
      if (oversized !== undefined) throw oversized
    },

    async expireMany(keys) {
      const asked = [...new Set(keys)].map((key) => ({ key }))
      await inBatches(asked, async (client, batch) => {
        for (let looks = 1; !(await expireSeen(dialect, client, batch)); looks++) {
          if (looks === mostLooks) throw unsettled()
        }
      })
    },

    async deleteMany(keys) {
      const asked = [...new Set(keys)].map((key) => ({ key }))
      const counts = await inBatches<{ readonly key: string }, number>(asked, async (client, batch, answers) => {
        const told = { keys: batch.map(({ thing }) => thing.key) }
        answers[batch[0]?.place ?? 0] = await dialect.delete(client, idsOf(batch), told)
      })
      return counts.reduce((sum, count) => sum + count, 0)
    },

    async clear(prefix) {
      const bytes = Buffer.from(prefix)
      let after: Uint8Array | undefined
      do {
        const rows = await listRange(prefix, after, 'rows')
        const ids = rows.filter(({ id, rest }) => beginsWith(keyBytesOf(id, rest), bytes)).map(({ id }) => id)
        // Told even if there was nothing: somebody may hold a copy of what has gone by itself.
        await connections.use((client) => dialect.delete(client, ids, { prefix }))
        after = rows.length < keysPerPage ? undefined : rows.at(-1)?.id
      } while (after !== undefined)
    },

    claimMany: (claims) =>
      inBatches<Claim, ClaimAnswer>(
        claims,
        async (client, batch, answers, isForced) => {
          const { now, rows } = await dialect.claim(client, batch, isForced)
          const found = byName(rows)
          for (const { name, place } of batch) {
            const row = found.get(name)
            answers[place] = { won: row?.won ?? false, stored: storedOf(row), now }
          }
        },
        ({ force }) => force === true,
      ),

    renewMany: (renewals) =>
      inBatches<Claim, boolean>(renewals, async (client, batch, answers) => {
        tick(answers, batch, await dialect.renew(client, batch))
      }),

    async fulfilMany(items) {
      const answers = new Array<boolean>(items.length)
      const oversized = await inFittingBatches(items, async (client, batch) => {
        tick(answers, batch, await dialect.fulfil(client, batch))
      })
      if (oversized !== undefined) throw oversized
      return answers
    },

    async releaseMany(leases) {
      await inBatches(leases, (client, batch) => dialect.release(client, batch))
    },

    ensureMany: (markers) =>
      inBatches<StoredItem, Stored>(markers, async (client, batch, answers) => {
        const rows = byName(await dialect.ensure(client, batch))
        for (const { name, place, thing } of batch) answers[place] = storedOf(rows.get(name)) ?? thing
      }),

    async changeMany(changes) {
      await inBatches<MarkerChange, void>(
        changes,
        (client, batch, _, isSoft) => dialect.change(client, batch, isSoft),
        ({ softOnly }) => softOnly === true,
      )
    },

    async page(what, prefix, after): Promise<KeyPage> {
      const rows = await listRange(prefix, after === undefined ? undefined : rowIdOf(after).id, what)
      const keys = rows.map(({ id, rest }) => textOf(keyBytesOf(id, rest)))
      return {
        keys: keys.filter((key) => key.startsWith(prefix)),
        last: rows.length < keysPerPage ? undefined : keys.at(-1),
      }
    },

    async sweep() {
      while ((await connections.use((client) => dialect.sweep(client, rowsPerSweep))) === rowsPerSweep);
    },
  }
}

/**
 * Looks at rows and makes them stale if they are still as they were seen. What an expired header looks like is known
 * here and not to the server; comparing and setting it in one statement is as good as holding a lock meanwhile.
 * @returns whether none has changed in between
 */
async function expireSeen<Client>(
  dialect: SqlDialect<Client>,
  client: Client,
  batch: readonly Step<{ readonly key: string }>[],
): Promise<boolean> {
  const rows = new Map((await dialect.look(client, batch)).map((row) => [row.name, row]))
  const steps: StaleStep[] = []
  for (const { id, name } of batch) {
    const row = rows.get(name)
    if (row === undefined) continue
    const { header, now, isLeased } = row
    const stale = header && staleStored({ header }, now)
    // Stale already, and no lease to drop: as it should be.
    if (stale !== undefined && stale.header === header && !isLeased) continue
    steps.push({ id, seen: header, stale })
  }
  const keys = batch.map(({ thing }) => thing.key)
  return (await dialect.makeStale(client, steps, keys)) === steps.length
}

/** What is special and what isn't, each by itself. */
function parted<Thing>(
  batch: readonly Step<Thing>[],
  isSpecial: (thing: Thing) => boolean = () => false,
): readonly { readonly isSpecial: boolean; readonly steps: readonly Step<Thing>[] }[] {
  const special = batch.filter(({ thing }) => isSpecial(thing))
  if (special.length === 0) return [{ isSpecial: false, steps: batch }]
  if (special.length === batch.length) return [{ isSpecial: true, steps: batch }]
  return [
    { isSpecial: false, steps: batch.filter(({ thing }) => !isSpecial(thing)) },
    { isSpecial: true, steps: special },
  ]
}

function tick(answers: boolean[], batch: readonly Step<unknown>[], names: readonly string[]): void {
  const named = new Set(names)
  for (const { name, place } of batch) answers[place] = named.has(name)
}

function byName<Row extends FoundRow>(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [row.name, row]))
}

function storedOf(row: FoundRow | undefined): Stored | undefined {
  const { header, payload } = row ?? {}
  return header && payload && { header, payload }
}

function answersFor(asked: readonly RowId[], found: ReadonlyMap<string, Stored>): (Stored | undefined)[] {
  const given = new Set<string>()
  return asked.map(({ name }) => {
    const stored = found.get(name)
    // Whoever asks twice gets bytes of his own twice.
    if (stored === undefined || asked.length === 1 || !given.has(name)) {
      given.add(name)
      return stored
    }
    return { header: new Uint8Array(stored.header), payload: new Uint8Array(stored.payload) }
  })
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()
}

function beginsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0
}

function tooLarge(largest: number, { bytes, advice }: SqlDialect<unknown>['entryLimit']): CacheError {
  const message = `an entry has ${largest} bytes, and ${bytes} are the most there is room for: ${advice}, or keep less`
  return new CacheError('UNSUPPORTED', message)
}

function unsettled(): CacheError {
  return new CacheError('STORAGE_UNAVAILABLE', `a key was changed ${mostLooks} times while it was to be made stale`)
}
