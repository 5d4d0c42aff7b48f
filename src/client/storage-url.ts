import { CacheError, invalidOption } from '../kernel/errors.ts'

/** The address of a storage, in its parts. Errors tell of these, never of the whole: it may hold a password. */
export interface StorageUrl {
  /** In lower case, without the colon. */
  readonly scheme: string
  /** What follows the colon, up to the question mark. */
  readonly rest: string
  readonly parameters: readonly UrlParameter[]
}

/** One of the parameters behind the question mark. */
export interface UrlParameter {
  readonly name: string
  readonly value: string
  /** As it stands in the URL. */
  readonly raw: string
}

/** @throws CacheError `INVALID_OPTION` for what has no scheme, or can't be decoded */
export function parseStorageUrl(url: string): StorageUrl {
  const [, scheme = '', rest = '', query = ''] =
    (typeof url === 'string' && /^([a-z][a-z\d+.-]*):([^?]*)(?:\?(.*))?$/is.exec(url)) || []
  if (scheme === '') throw new CacheError('INVALID_OPTION', 'openStorage: url: expected one like redis://host:6379')
  const raws = query.split('&').filter((raw) => raw !== '')
  return { scheme: scheme.toLowerCase(), rest, parameters: raws.map(parameterOf) }
}

/** The URL again, with some of its parameters. */
export function formatStorageUrl({ scheme, rest, parameters }: StorageUrl): string {
  const query = parameters.map(({ raw }) => raw).join('&')
  return `${scheme}:${rest}${query === '' ? '' : `?${query}`}`
}

/**
 * The path that a URL names: `sqlite:cache.db` and `sqlite://cache.db` are relative to where the process runs,
 * `sqlite:/var/cache.db` and `sqlite:///var/cache.db` are not.
 */
export function pathIn({ scheme, rest }: StorageUrl): string {
  const [, path = ''] = /^\/\/(?!\/)(.*)$/s.exec(rest) ?? [undefined, rest.replace(/^\/\/(?=\/)/, '')]
  if (path === '') throw invalidOption('openStorage: url', `a path behind ${scheme}:`, path)
  const decoded = decode(path, `the path behind ${scheme}:`)
  // A drive of Windows stands behind the slash.
  return /^\/[a-z]:/i.test(decoded) ? decoded.slice(1) : decoded
}

/** The servers that a URL names, and who we are to them: `//user:password@one:11211,two:11211`. */
export function hostsIn({ scheme, rest }: StorageUrl): {
  readonly hosts: readonly string[]
  readonly login: { readonly user: string; readonly password: string } | undefined
} {
  const [, credentials, hosts = ''] = /^\/\/(?:([^/]*)@)?([^/@]*)\/?$/.exec(rest) ?? []
  const [user, password = ''] = credentials?.split(':') ?? []
  const where = `the credentials behind ${scheme}:`
  return {
    hosts: hosts.split(',').filter((host) => host !== ''),
    login: user === undefined ? undefined : { user: decode(user, where), password: decode(password, where) },
  }
}

function parameterOf(raw: string): UrlParameter {
  const at = raw.indexOf('=')
  const name = decode(at === -1 ? raw : raw.slice(0, at), 'a parameter')
  return { raw, name, value: at === -1 ? '' : decode(raw.slice(at + 1), name) }
}

function decode(text: string, where: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalidOption(`openStorage: ${where}`, 'characters that are escaped as in a URL', 'others')
  }
}
