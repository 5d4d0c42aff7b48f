import { invalidOption } from '../../kernel/errors.ts'

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  /** The same server has the same name in every process: keys are shared out by it. */
  readonly name: string
}

const defaultPort = 11_211

const pattern = /^(?:memcached:\/\/)?(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?\/?$/i

/**
 * Reads `host`, `host:port`, `[::1]:port`, each with or without `memcached://` before it.
 * @throws CacheError `INVALID_OPTION` for anything else
 */
export function parseAddress(text: string): ServerAddress {
  const match = typeof text === 'string' ? pattern.exec(text) : null
  const host = (match?.[1] ?? match?.[2] ?? '').toLowerCase()
  const port = Number(match?.[3] ?? defaultPort)
  if (host === '' || port < 1 || port > 65_535) {
    throw invalidOption('memcached: servers', "addresses like 'localhost', '10.0.0.1:11211', '[::1]:11211'", text)
  }
  return { host, port, name: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}` }
}
