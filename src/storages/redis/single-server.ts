import { connect, type Limits } from './connection.ts'
import { Link } from './link.ts'
import { errorCode, type Address, type ClientMaker, type Reply } from './server-client.ts'
import type { Command, Servers } from './servers.ts'

/**
 * One server, over one connection or several. What changes something goes over the first, so that changes arrive in
 * the order they were made.
 *
 * @param address where it is now; asked before each connection
 */
export function singleServer(
  maker: ClientMaker,
  limits: Limits,
  poolSize: number,
  address: () => Promise<Address | undefined>,
): Servers {
  const links = Array.from(
    { length: poolSize },
    () => new Link(async () => connect(maker.make({ address: await address() }), limits)),
  )
  const [first] = links as [Link]
  let turn = 0

  const linkFor = (isRead: boolean): Link => {
    if (!isRead || poolSize === 1) return first
    turn = (turn + 1) % poolSize
    return links[turn] as Link
  }

  // A master that became a replica, behind a name or a sentinel: the next connection may find the new one.
  const noteError = (error: unknown): void => {
    if (errorCode(error) === 'READONLY') first.renew(error)
  }

  return {
    slotOf: () => 0,
    async ask({ words, isRead = false }: Command): Promise<Reply> {
      try {
        return await linkFor(isRead).send(words)
      } catch (error) {
        noteError(error)
        throw error
      }
    },
    async askAll(commands) {
      const isRead = commands.every((command) => command.isRead === true)
      const replies = await linkFor(isRead).sendAll(commands.map(({ words }) => words))
      for (const reply of replies) if (reply instanceof Error) noteError(reply)
      return replies
    },
    onEach: async (action) => [await action({ send: (words) => first.send(words) })],
    async open() {
      await first.connected()
    },
    close: () => links.forEach((link) => link.close()),
  }
}
