import { CacheError, describe } from '../kernel/errors.ts'
import { type Off, warn } from '../observe/events.ts'
import type { Commons } from './commons.ts'

// What somebody else's events carry only they can say, and each says it in a way of their own.
// oxlint-disable-next-line typescript/no-explicit-any
type Listener = (...items: any[]) => void

/** Something that tells events by name: an EventEmitter, a database client. */
export interface EmitterSource {
  on(event: string, listener: Listener): unknown
  off?(event: string, listener: Listener): unknown
}

/** Something that tells events by name, as the web has it. */
export interface TargetSource {
  addEventListener(event: string, listener: Listener): void
  removeEventListener(event: string, listener: Listener): void
}

/** What an invalidation can listen to: an emitter or an EventTarget, by the name of an event, or anything that is iterated. */
export type EventSource<Item> = EmitterSource | TargetSource | AsyncIterable<Item>

/** How to listen. */
export interface ListenOptions {
  /** The name of the event. Needed for emitters and event targets. */
  readonly event?: string | undefined
}

/**
 * Does something for every item of a source, until it is called off. Whatever fails is told by the event
 * `invalidationFailure`, or by a process warning if nobody listens, and harms nothing. Nothing of this keeps the process
 * alive that would not be without it.
 *
 * @throws CacheError `INVALID_OPTION` for a source that can't be listened to
 */
export function listenTo<Item>(
  commons: Commons,
  source: EventSource<Item>,
  act: (item: Item) => Promise<unknown>,
  options: ListenOptions,
): Off {
  const tell = (error: unknown): void => {
    if (commons.events.wanted.invalidationFailure) commons.events.emit('invalidationFailure', { error })
    else warn(`an invalidation that a source asked for failed: ${String(error)}`)
  }
  const take = (item: Item): void => {
    if (commons.closed) return
    commons.background.own(attempt(act, item).catch(tell))
  }
  const { event } = options
  if (event === undefined) {
    if (Symbol.asyncIterator in source) return follow(source, take, tell)
    throw noSource(source, "an async iterable, or an emitter or an event target with { event: 'name' }")
  }
  const listener = (item: Item): void => take(item)
  if ('addEventListener' in source) {
    source.addEventListener(event, listener)
    return () => source.removeEventListener(event, listener)
  }
  if (!('on' in source)) throw noSource(source, 'something with `on` or `addEventListener`')
  const answer: unknown = source.on(event, listener)
  return () => {
    if (source.off !== undefined) source.off(event, listener)
    else if (typeof answer === 'function') (answer as Off)()
  }
}

async function attempt<Item>(act: (item: Item) => Promise<unknown>, item: Item): Promise<void> {
  await act(item)
}

function follow<Item>(source: AsyncIterable<Item>, take: (item: Item) => void, tell: (error: unknown) => void): Off {
  const items = source[Symbol.asyncIterator]()
  let stopped = false
  const run = async (): Promise<void> => {
    for (;;) {
      const next = await items.next()
      if (next.done === true || stopped) return
      take(next.value)
    }
  }
  run().catch((error: unknown) => {
    if (!stopped) tell(error)
  })
  return () => {
    if (stopped) return
    stopped = true
    // It may end only with its next item; nobody waits for that.
    Promise.resolve(items.return?.()).catch(() => {})
  }
}

function noSource(source: unknown, expected: string): CacheError {
  return new CacheError('INVALID_OPTION', `invalidateOn: expected ${expected}, got ${describe(source)}`)
}
