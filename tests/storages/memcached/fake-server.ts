import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

/** A server of a few lines, for what a real one never does. */
export interface FakeServer {
  readonly address: string
  /** Connections there ever were. */
  readonly acceptedCount: number
  close(): Promise<void>
}

/** @param answer what to say to each line */
export async function fakeServer(answer: (line: string, socket: Socket) => string | undefined): Promise<FakeServer> {
  const sockets = new Set<Socket>()
  let acceptedCount = 0
  const server = createServer((socket) => {
    acceptedCount++
    sockets.add(socket)
    let rest = ''
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      const lines = `${rest}${chunk.toString('latin1')}`.split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const said = answer(line, socket)
        if (said !== undefined) socket.write(said)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    address: `127.0.0.1:${address.port}`,
    get acceptedCount() {
      return acceptedCount
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The greetings of a memcached, for servers that go wrong later. */
export function greeting(line: string): string | undefined {
  if (line === 'version') return 'VERSION 1.6.18\r\n'
  if (line === 'stats settings') return 'STAT item_size_max 1048576\r\nEND\r\n'
  return undefined
}
