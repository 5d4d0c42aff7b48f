import { invalidOption } from '../../kernel/errors.ts'
import type { Address } from './server-client.ts'

/** A server, and who we are to it. */
export interface Endpoint extends Credentials {
  readonly address: Address
  readonly database: number
  readonly tls: object | undefined
}

/** A login. Without a user name it is the default user's. */
export interface Credentials {
  readonly username?: string | undefined
  readonly password?: string | undefined
}

/** Where Redis listens, unless it is told otherwise. */
export const defaultPort = 6379

/**
 * Reads `redis://user:password@host:port/database`, or `rediss:` for TLS.
 * @param where how the option is called in errors; a password is never in them
 */
export function parseUrl(url: unknown, tls: object | boolean | undefined, where: string): Endpoint {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !isRedis(parsed.protocol)) {
    throw invalidOption(where, 'an address like redis://user:password@host:6379/0, or rediss://…', masked(url))
  }
  const database = parsed.pathname.slice(1) === '' ? 0 : Number(parsed.pathname.slice(1))
  if (!Number.isInteger(database) || database < 0) {
    throw invalidOption(where, 'the number of a database after the slash', parsed.pathname)
  }
  const isSecure = tls === undefined ? isSecureProtocol(parsed.protocol) : tls !== false
  return {
    address: {
      host: decodeURIComponent(parsed.hostname).replace(/^\[(.*)\]$/, '$1') || '127.0.0.1',
      port: parsed.port === '' ? defaultPort : Number(parsed.port),
    },
    database,
    tls: isSecure ? (typeof tls === 'object' ? tls : {}) : undefined,
    ...(parsed.username !== '' && { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password !== '' && { password: decodeURIComponent(parsed.password) }),
  }
}

/** Reads `host:port`, or `host` for the usual port. */
export function parseAddress(text: unknown, port: number, where: string): Address {
  const match = typeof text === 'string' ? /^(\[[^\]]+\]|[^:[\]/@]+)(?::(\d{1,5}))?$/.exec(text) : null
  if (match === null) throw invalidOption(where, "an address like 'host:port'", masked(text))
  return { host: (match[1] ?? '').replace(/^\[(.*)\]$/, '$1'), port: match[2] === undefined ? port : Number(match[2]) }
}

function isRedis(protocol: string): boolean {
  return ['redis:', 'rediss:', 'valkey:', 'valkeys:'].includes(protocol)
}

function isSecureProtocol(protocol: string): boolean {
  return protocol === 'rediss:' || protocol === 'valkeys:'
}

function masked(url: unknown): unknown {
  return typeof url === 'string' ? url.replace(/\/\/.*@/s, '//…@') : url
}
