import { changesChannel, readChange } from './changes-channel.ts'
import { isLeaseKey } from './lease-key.ts'
import { listen, type Listening } from './listening.ts'
import { textOf, type FeedWay, type ServerClient } from './server-client.ts'

/** Who listens on a feed connection. */
export interface FeedEars {
  changed(keys: readonly string[]): void
  changedAll(): void
  /** It has been lost, or silent for so long that it must be. Called once, and not before it was established. */
  lost(cause: unknown): void
}

/**
 * Has a server tell its changes; answers when nothing is missed any more.
 * @param limit milliseconds that it may take
 */
export function openFeed(
  client: ServerClient,
  way: FeedWay,
  prefix: string,
  ears: FeedEars,
  limit: number,
): Promise<Listening> {
  const begin = (felt: () => void): Promise<void> =>
    way === 'tracking'
      ? client.track(prefix, (keys) => {
          felt()
          tellKeys(keys, prefix, ears)
        })
      : client.subscribe(changesChannel, (message) => {
          felt()
          tellMessage(message, prefix, ears)
        })
  return listen(client, { begin, lost: (cause) => ears.lost(cause) }, limit)
}

function tellKeys(keys: readonly Uint8Array[] | undefined, prefix: string, ears: FeedEars): void {
  if (keys === undefined) return ears.changedAll()
  tell(keys.map(textOf), prefix, ears)
}

function tellMessage(message: Uint8Array, prefix: string, ears: FeedEars): void {
  const change = readChange(textOf(message))
  if ('keys' in change) return tell(change.keys, prefix, ears)
  if (change.prefix.startsWith(prefix) || prefix.startsWith(change.prefix)) ears.changedAll()
}

function tell(keys: readonly string[], prefix: string, ears: FeedEars): void {
  const changed = keys.filter((key) => key.startsWith(prefix) && !isLeaseKey(key))
  if (changed.length > 0) ears.changed(changed)
}
