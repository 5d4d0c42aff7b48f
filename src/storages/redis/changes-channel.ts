/*
 * Where client tracking can't be had, whoever changes keys through this storage says so on a channel: a list of keys,
 * or a prefix that was cleared. All databases of a server and all caches on it share the channel.
 */

/** The channel of changes. */
export const changesChannel = 'tiercel:changed'

const keysPerMessage = 500

/** What a message tells: keys, or a prefix under which everything may have changed. */
export type Change = { readonly keys: readonly string[] } | { readonly prefix: string }

/** Messages that tell of changes. */
export function changeMessages(change: Change): readonly string[] {
  if ('prefix' in change) return [JSON.stringify(change)]
  const messages: string[] = []
  for (let start = 0; start < change.keys.length; start += keysPerMessage) {
    messages.push(JSON.stringify({ keys: change.keys.slice(start, start + keysPerMessage) }))
  }
  return messages
}

/** Reads a message. What can't be read may have meant anything. */
export function readChange(message: string): Change {
  try {
    const change = JSON.parse(message) as { readonly keys?: unknown; readonly prefix?: unknown } | null
    if (Array.isArray(change?.keys)) return { keys: change.keys.filter((key) => typeof key === 'string') }
    if (typeof change?.prefix === 'string') return { prefix: change.prefix }
  } catch {
    // Falls through to what is always true.
  }
  return { prefix: '' }
}
