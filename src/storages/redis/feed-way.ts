import { CacheError } from '../../kernel/errors.ts'
import { changesChannel } from './changes-channel.ts'
import { errorCode, type FeedWay } from './server-client.ts'
import type { Servers } from './servers.ts'

/** The ways, and `auto`: tracking where the server allows it, else pub/sub; `off`: no feed. */
export const feedChoices = ['auto', 'tracking', 'pubsub', 'off'] as const

/** What the program chose. */
export type FeedChoice = (typeof feedChoices)[number]

/**
 * The way by which changes are told. `undefined`: by none; nobody says anything.
 * @throws CacheError `UNSUPPORTED` for a way that was chosen and the server refuses
 */
export async function findFeedWay(choice: FeedChoice, servers: Servers): Promise<FeedWay | undefined> {
  switch (choice) {
    case 'off':
      return undefined
    case 'tracking':
    case 'pubsub': {
      const refusal = await refusalOf(choice, servers)
      if (refusal === undefined) return choice
      throw new CacheError(
        'UNSUPPORTED',
        `redis: feed: '${choice}' is refused by the server (${refusal.message}): choose another, or 'off'`,
      )
    }
    case 'auto':
      if ((await refusalOf('tracking', servers)) === undefined) return 'tracking'
      return (await refusalOf('pubsub', servers)) === undefined ? 'pubsub' : undefined
  }
}

/** Tries what changes nothing: to switch off what is off, and to tell what everybody ignores. */
async function refusalOf(way: FeedWay, servers: Servers): Promise<Error | undefined> {
  const words =
    way === 'tracking'
      ? (['CLIENT', 'TRACKING', 'OFF'] as const)
      : (['PUBLISH', changesChannel, '{"keys":[]}'] as const)
  try {
    await servers.ask({ slot: 0, words })
    return undefined
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return error as Error
  }
}
