import type { IoredisClient } from '../../clients/redis-client.ts'
import { answeredError, type FeedWay, type Reply, type ServerClient } from './server-client.ts'

/** What every client of ioredis that we make is told, whatever the program's own is. */
export function ioredisSettings(feed: FeedWay | undefined): object {
  return {
    lazyConnect: true,
    // When and how often to connect again is decided in one place, for both packages.
    retryStrategy: null,
    reconnectOnError: null,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableReadyCheck: false,
    enableAutoPipelining: false,
    commandTimeout: undefined,
    socketTimeout: undefined,
    replyMapping: 'legacy',
    stringNumbers: false,
    monitor: false,
    readOnly: false,
    // It drops the invalidations that come as pushes; those of the older protocol come as messages.
    ...(feed !== undefined && { protocol: 2 }),
  }
}

/** A client of ioredis as one connection. */
export function ioredisServerClient(client: IoredisClient): ServerClient {
  let isEstablished = false
  let reason: Error | undefined
  let onLost: ((cause: unknown) => void) | undefined
  client.on('error', (error) => {
    reason = withoutSecrets(error as Error)
  })
  client.on('close', () => {
    if (isEstablished) onLost?.(reason ?? new Error('the connection was closed'))
  })

  return {
    async connect() {
      try {
        await client.connect()
        isEstablished = true
      } catch (error) {
        // It rejects with "closed", whatever the reason was.
        throw reason ?? error
      }
    },
    send: (words) => client.callBuffer(...words) as Promise<Reply>,
    sendAll(list) {
      // One write for all. A pipeline of the client's does that too, and much more, which shows when there are few.
      client.stream.cork()
      const replies = list.map((words) => client.callBuffer(...words).catch(answeredError) as Promise<Reply | Error>)
      client.stream.uncork()
      return Promise.all(replies)
    },
    onLost(listener) {
      onLost = listener
    },
    async track(prefix, told) {
      client.on('messageBuffer', (_channel, keys) => told((keys as readonly Uint8Array[] | null) ?? undefined))
      // A connection of the older protocol may be told by itself: when it dies, tracking and telling die together.
      const id = String(await client.callBuffer('CLIENT', 'ID'))
      await client.callBuffer('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', 'PREFIX', prefix)
      await client.callBuffer('subscribe', '__redis__:invalidate')
    },
    async subscribe(channel, told) {
      client.on('messageBuffer', (_channel, message) => told(message as Uint8Array))
      await client.callBuffer('subscribe', channel)
    },
    hold(isHeld) {
      if (isHeld) client.stream.ref()
      else client.stream.unref()
    },
    destroy() {
      client.disconnect()
      // It waits for the other side to say goodbye, and with it everybody who is owed an answer.
      client.stream?.destroy()
    },
  }
}

// Errors of ioredis carry the command, and that of a refused login its password.
function withoutSecrets(error: Error): Error {
  return 'command' in error ? new Error(error.message) : error
}
