import type { Client } from 'pg'
import type { CacheNode, Off } from 'tiercel'

interface Notification {
  readonly channel: string
  readonly payload?: string | undefined
}

/**
 * Invalidates users that have changed in the database, whoever changed them: the trigger in users.sql tells.
 *
 * @param client a connection of its own, which stays open: through a pool nothing would be heard
 * @returns what stops it
 */
export async function followUsers<User>(client: Client, user: CacheNode<{ id: number }, User>): Promise<Off> {
  const idOf = ({ channel, payload }: Notification): { id: number } | undefined =>
    channel === 'users_changed' ? { id: Number(payload) } : undefined
  const off = user.invalidateOn(client, idOf, { event: 'notification' })
  await client.query('LISTEN users_changed')
  // What changed before the connection listened was told to nobody; and so it is whenever one takes the place of another.
  await user.invalidateAll()
  return off
}
