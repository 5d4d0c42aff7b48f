import type { Commons } from './commons.ts'
import type { AnyPlan } from './plan.ts'
import type { Storages } from './storages.ts'
import { clearUnder } from './tiers/local-tier.ts'
import { owing } from './tiers/owed.ts'
import { wholeTier } from './tiers/whole-tier.ts'
import { withDeadline } from '../flight/deadline.ts'
import { CacheError } from '../kernel/errors.ts'

// Connecting, and the last writes, may take longer than a read.
const patience = 10_000

/**
 * Opens every storage.
 * @throws CacheError `STORAGE_UNAVAILABLE` that names each that could not be opened, and why
 */
export async function openStorages(commons: Commons, storages: Storages): Promise<void> {
  await forEach(storages, 'opened', (name) => {
    const channel = storages.channels.get(name)
    return channel === undefined ? Promise.resolve() : inTime(commons, name, 'open', channel.open())
  })
}

/**
 * Deletes everything whose key starts with `head`, from every storage, whether or not a node uses it.
 * @throws CacheError `STORAGE_UNAVAILABLE` that names each that could not be cleared, and why
 */
export async function clearStorages(
  commons: Commons,
  storages: Storages,
  head: string,
  plans: Iterable<AnyPlan>,
): Promise<void> {
  const nodes = [...plans]
  const cut = (): void => {
    commons.flights.breakUnder(head)
    commons.lookups.breakUnder(head)
    for (const plan of nodes) plan.errors.clear()
    for (const storage of storages.locals) clearUnder(storage, head)
    // The markers go with the rest: what carries one is of no use any more, wherever it is.
    for (const { labels } of [commons, ...storages.channels.values()]) labels.changeAll()
  }
  // As with every change: once when it is called, and once when the remote operations have settled.
  cut()
  const clearRemotes = async (): Promise<void> => {
    try {
      await forEach(storages, 'cleared', async (name) => {
        const channel = storages.channels.get(name)
        if (channel === undefined) return
        await owing(channel.owed, { heads: [head] }, () => wholeTier(commons, channel, patience).clear(head))
      })
    } finally {
      cut()
    }
  }
  if (storages.channels.size > 0) await commons.changes.runAlone(clearRemotes)
  if (commons.events.wanted.invalidate) {
    commons.events.emit('invalidate', { node: undefined, key: undefined, kind: 'clear' })
  }
}

/** Closes every remote storage. What fails is told after all have been tried. */
export async function closeStorages(commons: Commons, storages: Storages): Promise<void> {
  await forEach(storages, 'closed', (name) => {
    const channel = storages.channels.get(name)
    return channel === undefined ? Promise.resolve() : inTime(commons, name, 'close', channel.close())
  })
}

async function forEach(storages: Storages, done: string, operate: (name: string) => Promise<unknown>): Promise<void> {
  const names = [...storages.channels.keys()]
  const outcomes = await Promise.allSettled(names.map(operate))
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []))
  if (errors.length === 0) return
  const messages = errors.map((error) => error.message).join('; ')
  const cause = errors.length === 1 ? errors[0] : new AggregateError(errors)
  const code = errors[0] instanceof CacheError ? errors[0].code : 'STORAGE_UNAVAILABLE'
  throw new CacheError(code, `${errors.length} of ${names.length} storages could not be ${done}: ${messages}`, {
    cause,
  })
}

function inTime(commons: Commons, name: string, operation: string, promise: Promise<void>): Promise<void> {
  return withDeadline(promise, patience, commons.clock, () => {
    return new CacheError('STORAGE_UNAVAILABLE', `storage '${name}': ${operation} did not finish within ${patience} ms`)
  })
}
