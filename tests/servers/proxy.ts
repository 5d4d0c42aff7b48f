import { createConnection, createServer, type Socket } from 'node:net'
import { once } from 'node:events'

/** A wire between a client and a server, which can be damaged. */
export interface Proxy {
  readonly port: number
  /** Connections that stand now. */
  readonly connectionCount: number
  /** Connections there ever were. */
  readonly acceptedCount: number
  /** Cuts every connection. New ones are taken. */
  cutAll(): void
  /** Lets so many bytes of the server's next reply through and cuts that connection there. */
  cutReplyAfter(bytes: number): void
  /** Swallows everything in both directions, and keeps the connections open; new ones are taken and swallowed too. */
  swallow(): void
  /** Lets everything through again, on new connections; those that lost bytes are cut. */
  pass(): void
  /** Cuts every connection, and new ones as soon as they come. */
  refuse(): void
  close(): Promise<void>
}

/** Puts a wire before a port of this machine. */
export async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let state: 'passing' | 'swallowing' | 'refusing' = 'passing'
  let accepted = 0
  let replyBytes = Infinity

  const cutAll = (): void => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }
  const server = createServer((near) => {
    accepted++
    if (state === 'refusing') {
      near.destroy()
      return
    }
    const far = createConnection({ port: target, host: '127.0.0.1' })
    const pair = [near, far] as const
    pairs.add(pair)
    const cut = (): void => {
      pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', cut)
      socket.on('close', cut)
    }
    near.on('data', (chunk) => {
      if (state === 'passing') far.write(chunk)
    })
    far.on('data', (chunk) => {
      if (state !== 'passing') return
      if (chunk.length <= replyBytes) {
        replyBytes -= chunk.length
        near.write(chunk)
        return
      }
      const rest = chunk.subarray(0, replyBytes)
      replyBytes = Infinity
      near.write(rest, cut)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    port: address.port,
    get connectionCount() {
      return pairs.size
    },
    get acceptedCount() {
      return accepted
    },
    cutAll,
    cutReplyAfter: (bytes) => void (replyBytes = bytes),
    swallow: () => void (state = 'swallowing'),
    pass() {
      if (state === 'swallowing') cutAll()
      state = 'passing'
    },
    refuse() {
      state = 'refusing'
      cutAll()
    },
    async close() {
      cutAll()
      server.close()
      await once(server, 'close')
    },
  }
}
