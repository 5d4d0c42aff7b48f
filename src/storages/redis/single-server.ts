import { connect, type Connection, type Limits } from './connection.ts'
import { Link } from './link.ts'
import { insistOnMaster, type Sentinels } from './sentinel.ts'
import { errorCode, type ClientMaker } from './server-client.ts'
import type { Servers } from './servers.ts'

/**
 * One server, over one connection or several. What changes something goes over the first, so that changes arrive in
 * the order they were made.
 *
 * @param sentinels who know where it is; asked before each connection
 */
export function singleServer(maker: ClientMaker, limits: Limits, poolSize: number, sentinels?: Sentinels): Servers {
  const connectToServer = async (): Promise<Connection> => {
    if (sentinels === undefined) return connect(maker.make({}), limits)
    return insistOnMaster(await connect(maker.make({ address: await sentinels.master() }), limits))
  }
  const links = Array.from({ length: poolSize }, () => new Link(connectToServer))
  const [first] = links as [Link]
  let turn = 0

  const linkFor = (isRead: boolean): Link => {
    if (!isRead || poolSize === 1) return first
    turn = (turn + 1) % poolSize
    return links[turn] as Link
  }

  return {
    isSharded: false,
    slotOf: () => 0,
    ask: ({ words }) => linkFor(true).send(words),
    async askAll(commands) {
      const isRead = commands.every((command) => command.isRead === true)
      const replies = await linkFor(isRead)
        .sendAll(commands.map(({ words }) => words))
        .catch((error: unknown) => commands.map(() => error as Error))
      // A master that became a replica, behind a name or a sentinel: the next connection may find the new one.
      const refused = replies.find((reply) => errorCode(reply) === 'READONLY')
      if (refused !== undefined) first.renew(refused)
      return replies
    },
    each: () => Promise.resolve([{ send: (words) => first.send(words) }]),
    layout: () => Promise.resolve(''),
    isMoving: () => Promise.resolve(false),
    async listeners() {
      const address = await sentinels?.master()
      return {
        clients: (feed) => [maker.make({ address, feed })],
        limit: limits.connect,
        layout: '',
        survey: undefined,
      }
    },
    async open() {
      await first.connected()
    },
    close: () => links.forEach((link) => link.close()),
  }
}
