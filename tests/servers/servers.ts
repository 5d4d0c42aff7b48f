import { afterAll, beforeAll } from 'vitest'
import { memcachedLauncher } from './memcached.ts'
import { mongodbLauncher } from './mongodb.ts'
import { mysqlLauncher } from './mysql.ts'
import { postgresLauncher } from './postgres.ts'
import { redisClusterLauncher } from './redis-cluster.ts'
import { redisLauncher } from './redis.ts'
import type { Launcher, Server, ServerKind, StartOptions } from './server.ts'

export type { Server, ServerKind } from './server.ts'

const launchers: Readonly<Record<ServerKind, Launcher>> = {
  redis: redisLauncher,
  'redis-cluster': redisClusterLauncher,
  memcached: memcachedLauncher,
  postgres: postgresLauncher,
  mysql: mysqlLauncher,
  mongodb: mongodbLauncher,
}

export const serverKinds = Object.keys(launchers) as readonly ServerKind[]

// Some take long to come up on a busy machine, and the first of a kind may have to be unpacked.
const startLimit = 240_000

/**
 * Whether there is a server of this kind for tests: one that the environment names (`REDIS_URL`, …), or one that can be
 * started here, which is installed if need be and possible. If there is none it says so loudly, and the tests are
 * skipped; with `TIERCEL_SERVERS=required` it throws instead.
 *
 * @param options `own`: only a server of one's own will do, one that can be killed
 */
export async function isServerHere(kind: ServerKind, options: { readonly own?: true } = {}): Promise<boolean> {
  if (options.own !== true && urlOf(kind) !== undefined) return true
  const launcher = launchers[kind]
  if (launcher.isHere()) return true
  try {
    await launcher.install()
    if (launcher.isHere()) return true
    throw new Error('installed, and still not found')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `no ${kind} server for the tests: set ${launcher.variable}, or ${reason}`
    if (process.env['TIERCEL_SERVERS'] === 'required') throw new Error(message, { cause: error })
    process.stderr.write(`\n!!! SKIPPED: ${message}\n\n`)
    return false
  }
}

/**
 * The server that the environment names, or one that is started before the tests of this `describe` and ended after
 * them. Its properties are there when tests run, not when they are collected.
 *
 * @param options `own`: start one in any case, to do something to it; `args`: for its command line, which makes it one's own
 */
export function useServer(kind: ServerKind, options: StartOptions & { readonly own?: true } = {}): Server {
  let server: Server | undefined
  const isOwn = options.own === true || options.args !== undefined
  beforeAll(async () => {
    const url = isOwn ? undefined : urlOf(kind)
    server = url === undefined ? await startServer(kind, options) : foreignServer(url)
  }, startLimit)
  afterAll(() => server?.stop(), startLimit)
  const now = (): Server => {
    if (server === undefined) throw new Error(`the ${kind} server is not up yet: use it in tests and hooks`)
    return server
  }
  return {
    get url() {
      return now().url
    },
    get port() {
      return now().port
    },
    kill: () => now().kill(),
    restart: () => now().restart(),
    freeze: () => now().freeze(),
    thaw: () => now().thaw(),
    stop: () => now().stop(),
  }
}

/** Starts a server. Whoever calls this ends it. */
export function startServer(kind: ServerKind, options: StartOptions = {}): Promise<Server> {
  return launchers[kind].start(options)
}

function urlOf(kind: ServerKind): string | undefined {
  const url = process.env[launchers[kind].variable]
  return url === undefined || url === '' ? undefined : url
}

function foreignServer(url: string): Server {
  const refuse = (): never => {
    throw new Error(`${url} is not ours to stop: ask for a server of your own`)
  }
  return {
    url,
    port: Number(new URL(url).port),
    kill: refuse,
    restart: refuse,
    freeze: refuse,
    thaw: refuse,
    stop: () => Promise.resolve(),
  }
}
