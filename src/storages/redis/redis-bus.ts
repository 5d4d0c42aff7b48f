import type { Bus, BusListener } from '../../contracts/bus.ts'
import { parsePositiveDuration, type Duration } from '../../kernel/duration.ts'
import { invalidOption } from '../../kernel/errors.ts'
import type { Limits } from './connection.ts'
import { listen, type Listening } from './listening.ts'
import { textOf } from './server-client.ts'
import type { Servers } from './servers.ts'
import { singleServer } from './single-server.ts'
import { resolveTarget, type RedisTarget } from './target.ts'

/** Which Redis server is a bus, and how. */
export type RedisBusOptions = RedisTarget & {
  /** Whoever names the same is on the same bus. All databases of a server share its channels. Default `'tiercel:bus'`. */
  readonly channel?: string
  readonly limits?: {
    /** How long is waited for a connection. Default 2 s. */
    readonly connect?: Duration
  }
}

// By then whoever publishes has given up.
const longestSilence = 1_000

/**
 * A bus over pub/sub of a Redis or Valkey server, 6 or later; in a cluster, of any of its nodes. It keeps nothing there.
 *
 * @throws CacheError `INVALID_OPTION` at once, for options that make no sense; when it is joined, `UNSUPPORTED` if neither
 *   client is installed
 *
 * @example
 * const shared = withBus(memcached(), redisBus({ url: 'redis://bus.internal:6379' }))
 */
export function redisBus(options: RedisBusOptions): Bus {
  const { channel = 'tiercel:bus', limits: { connect = '2s' } = {} } = options
  if (typeof channel !== 'string' || channel === '') {
    throw invalidOption('redisBus: channel', 'the name of a channel', channel)
  }
  const limits: Limits = {
    connect: parsePositiveDuration(connect, 'redisBus: limits.connect'),
    silence: longestSilence,
  }
  const target = resolveTarget(options, limits, 'redisBus')
  return {
    type: 'redis',
    async join(listener) {
      const { maker, sentinels } = await target()
      // A connection that listens can't say anything in the older protocol, so it takes two.
      const servers = singleServer(maker, limits, 1, sentinels)
      const listening = await listenOn(servers, { channel, limit: limits.connect, listener }).catch(
        (error: unknown) => {
          servers.close()
          throw error
        },
      )
      return {
        async publish(text) {
          await servers.ask({ slot: 0, words: ['PUBLISH', channel, text] })
        },
        leave() {
          listening.end()
          servers.close()
          return Promise.resolve()
        },
      }
    },
  }
}

interface Hearing {
  readonly channel: string
  readonly limit: number
  readonly listener: BusListener
}

async function listenOn(servers: Servers, { channel, limit, listener }: Hearing): Promise<Listening> {
  await servers.open()
  const listeners = await servers.listeners()
  const [client] = listeners.clients('pubsub')
  if (client === undefined) throw new Error('there is no server')
  const begin = (felt: () => void): Promise<void> =>
    client.subscribe(channel, (bytes) => {
      felt()
      listener.message(textOf(bytes))
    })
  return listen(client, { begin, lost: (cause) => listener.lost(cause) }, limit)
}
