import type { PostgresClient, PostgresNotification, PostgresPool } from '../../../clients/postgres-client.ts'
import type { Bus, BusListener, BusSeat } from '../../../contracts/bus.ts'
import { withDeadline } from '../../../flight/deadline.ts'
import { Gather } from '../../../flight/gather.ts'
import { Semaphore } from '../../../flight/semaphore.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { parsePositiveDuration, type Duration } from '../../../kernel/duration.ts'
import { CacheError, invalidOption } from '../../../kernel/errors.ts'
import { Connections, type ConnectionSource } from '../server/connections.ts'
import { checkOneWay } from '../server/server-options.ts'
import { lenderOf, poolOf, postgresFault } from './postgres-source.ts'

/** Which Postgres database is a bus, and how. */
export type PostgresBusOptions = PostgresBusTarget & {
  /** Whoever names the same in the same database is on the same bus. Up to 63 letters, digits and `_:.-`. Default `'tiercel:bus'`. */
  readonly channel?: string
  readonly limits?: {
    /** How long is waited for a connection. Default 2 s. */
    readonly connect?: Duration
  }
}

/** A database by its address, or by a pool of connections to it. */
export type PostgresBusTarget =
  | {
      /** Of the database: `postgres://user:password@host:5432/name`. Needs the package `pg`. */
      readonly url: string
      readonly pool?: undefined
    }
  | {
      /** A `Pool` of `pg` that the program has made, and ends itself. One connection of it listens for good. */
      readonly pool: PostgresPool
      readonly url?: undefined
    }

// The server takes less than 8,000 bytes in a message.
const longestMessage = 7_900
// By then whoever publishes has given up.
const statementLimit = 1_000

/**
 * A bus over `NOTIFY` of a Postgres database. It keeps nothing there. Every message is a transaction, and those of all
 * who notify commit one after the other.
 *
 * @throws CacheError `INVALID_OPTION` at once, for options that make no sense; when it is joined, `UNSUPPORTED` without the
 *   driver
 *
 * @example
 * const shared = withBus(mysql({ url }), postgresBus({ url: 'postgres://localhost/shop' }))
 */
export function postgresBus(options: PostgresBusOptions): Bus {
  const { channel = 'tiercel:bus', limits: { connect = '2s' } = {} } = options
  if (typeof channel !== 'string' || !/^[\w:.-]{1,63}$/.test(channel)) {
    throw invalidOption('postgresBus: channel', '1 to 63 letters, digits and `_:.-`', channel)
  }
  const limits = { connect: parsePositiveDuration(connect, 'postgresBus: limits.connect'), statement: statementLimit }
  const sourceFor = resolveSource(options, limits.connect)
  return {
    type: 'postgres',
    longestMessage,
    async join(listener) {
      const connections = new Connections<PostgresClient>({
        dialect: 'postgresBus',
        source: await sourceFor(),
        limits,
        clock: systemClock,
        faultOf: postgresFault,
      })
      try {
        return await takeSeat(connections, channel, listener)
      } catch (error) {
        await connections.end()
        throw error
      }
    },
  }
}

function resolveSource(
  { url, pool }: PostgresBusTarget,
  connectLimit: number,
): () => Promise<ConnectionSource<PostgresClient>> {
  checkOneWay('postgresBus', { url, pool })
  if (pool !== undefined) return () => Promise.resolve(lenderOf(pool))
  if (typeof url !== 'string' || !/^postgres(ql)?:\/\//.test(url)) {
    throw invalidOption('postgresBus: url', 'the URL of a database: postgres://…', 'something else')
  }
  // One listens, and one speaks.
  return () => poolOf(url, 2, connectLimit)
}

async function takeSeat(
  connections: Connections<PostgresClient>,
  channel: string,
  listener: BusListener,
): Promise<BusSeat> {
  const connection = await connections.connect()
  const { client } = connection
  client.unref?.()
  const heard = ({ channel: from, payload = '' }: PostgresNotification): void => {
    if (from === channel) listener.message(payload)
  }
  const lost = (error: Error): void => listener.lost(error)
  const letGo = (): void => {
    client.off('notification', heard)
    client.off('error', lost)
    // It listens for as long as it lives, so it is of no use to others.
    connection.release('broken')
  }
  client.on('notification', heard)
  client.on('error', lost)
  try {
    const listening = client.query({ text: `LISTEN "${channel}"`, rowMode: 'array' })
    await withDeadline(listening, statementLimit, systemClock, tooLate)
  } catch (error) {
    letGo()
    throw error
  }
  const speaker = speakerOn(connections, channel)
  let leaving: Promise<void> | undefined
  return {
    async publish(text) {
      await speaker.ask([text])
    },
    leave() {
      if (leaving === undefined) {
        letGo()
        leaving = connections.end()
      }
      return leaving
    },
  }
}

/** Says what is to be said in one turn of the event loop by one statement. */
function speakerOn(connections: Connections<PostgresClient>, channel: string): Gather<string, undefined> {
  // Of several connections of a pool, one might overtake the other.
  const turn = new Semaphore(1)
  return new Gather(async (texts) => {
    await turn.acquire()
    try {
      await connections.use((client) => notify(client, channel, texts))
    } finally {
      turn.release()
    }
    return texts.map(() => undefined)
  })
}

async function notify(client: PostgresClient, channel: string, texts: readonly string[]): Promise<void> {
  await client.query({
    text: 'SELECT count(pg_notify($1, message)) FROM unnest($2::text[]) AS message',
    values: [channel, texts],
    rowMode: 'array',
  })
}

function tooLate(): CacheError {
  return new CacheError('STORAGE_UNAVAILABLE', `postgresBus: LISTEN took longer than ${statementLimit} ms`)
}
