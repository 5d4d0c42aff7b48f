import { asciiJson, keyLists } from '../../../kernel/key-lists.ts'
import type { Told } from '../server/sql-dialect.ts'

/*
 * What goes through a channel: a list of keys, `{ "prefix": … }` for a clear, or `{ "prefix": "" }` when there are too
 * many keys to name them. It is JSON with nothing but ASCII in it: a payload can't hold a zero, and what is beyond ASCII
 * would be changed, or refused, by a database in another encoding.
 */

// The server takes less than 8,000 bytes in a message.
const longestMessage = 7_900
// Listeners would be busier with so many than with starting anew.
const mostMessages = 50

const everything = { prefix: '' }

/** What to send, so that listeners know what has changed. */
export function feedMessages(told: Told): readonly string[] {
  if ('prefix' in told) return [prefixMessage(told.prefix)]
  return keyLists(told.keys, { longest: longestMessage, most: mostMessages }) ?? [prefixMessage('')]
}

/** What a message says. Of one that can't be read, that anything may have changed. */
export function readFeedMessage(message: string | undefined): Told {
  try {
    const said: unknown = JSON.parse(message ?? '')
    if (Array.isArray(said) && said.every((key) => typeof key === 'string')) return { keys: said }
    const { prefix } = said as { prefix?: unknown }
    return typeof prefix === 'string' ? { prefix } : everything
  } catch {
    return everything
  }
}

function prefixMessage(prefix: string): string {
  const message = asciiJson({ prefix })
  return message.length > longestMessage ? JSON.stringify(everything) : message
}
