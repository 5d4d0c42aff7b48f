import { json } from '../../serializers/json.ts'
import type { Commons } from '../commons.ts'
import type { Channel } from './channel.ts'
import { RemoteTier } from './remote-tier.ts'

/**
 * A storage as the cache as a whole uses it, whether or not a node does: for what concerns all its keys.
 * @param timeLimit milliseconds a call may take; default: as long as the most patient node waits
 */
export function wholeTier(commons: Commons, channel: Channel, timeLimit: number = channel.patience): RemoteTier {
  return new RemoteTier({ channel, authority: channel, serializer: json(), ttl: Infinity, timeLimit, ...commons.tools })
}
