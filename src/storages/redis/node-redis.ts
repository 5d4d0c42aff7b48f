import type { NodeRedisClient } from '../../clients/redis-client.ts'
import { answeredError, type FeedWay, type Reply, type ServerClient } from './server-client.ts'

// The type of the protocol that values have, as @redis/client numbers it.
const blobString = 36

/** What every client of @redis/client that we make is told, whatever the program's own is. */
export function nodeRedisSettings(feed: FeedWay | undefined): object {
  return {
    disableOfflineQueue: true,
    commandsQueueMaxLength: undefined,
    commandOptions: { typeMapping: { [blobString]: Buffer }, timeout: undefined },
    pingInterval: undefined,
    readonly: false,
    clientSideCache: undefined,
    maintNotifications: 'disabled',
    emitInvalidate: feed === 'tracking',
    ...(feed === 'tracking' && { RESP: 3 }),
  }
}

/** What its socket is told: when and how often to connect again is decided in one place, for both packages. */
export const nodeRedisSocketSettings: object = { reconnectStrategy: false, socketTimeout: undefined }

/** A client of @redis/client as one connection. */
export function nodeRedisServerClient(client: NodeRedisClient): ServerClient {
  let isEstablished = false
  let isUsed = false
  let onLost: ((cause: unknown) => void) | undefined
  client.on('error', (error) => {
    if (isEstablished) onLost?.(error)
  })

  return {
    async connect() {
      isUsed = true
      await client.connect()
      isEstablished = true
    },
    send: (words) => client.sendCommand(words) as Promise<Reply>,
    // What is sent in one turn leaves as one write.
    sendAll: (list) =>
      Promise.all(list.map((words) => client.sendCommand(words).catch(answeredError) as Promise<Reply | Error>)),
    onLost(listener) {
      onLost = listener
    },
    async track(prefix, told) {
      client.on('invalidate', (key) => told(key === null ? undefined : [key as Uint8Array]))
      // The client has switched tracking on in its other mode.
      await client.sendCommand(['CLIENT', 'TRACKING', 'OFF'])
      await client.sendCommand(['CLIENT', 'TRACKING', 'ON', 'BCAST', 'PREFIX', prefix])
    },
    async subscribe(channel, told) {
      await client.subscribe(channel, told, true)
    },
    hold(isHeld) {
      if (isHeld) client.ref()
      else client.unref()
    },
    destroy() {
      if (isUsed) client.destroy()
    },
  }
}
