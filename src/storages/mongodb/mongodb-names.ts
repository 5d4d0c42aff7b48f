import { invalidOption } from '../../kernel/errors.ts'

/** @throws CacheError `INVALID_OPTION` for what MongoDB would refuse */
export function checkDatabaseName(name: string): string {
  if (typeof name === 'string' && /^[^/\\. "$*<>:|?\0]{1,63}$/.test(name)) return name
  throw invalidOption('mongodb: database', 'a name of up to 63 characters, none of them of /\\. "$*<>:|?', name)
}

/** @throws CacheError `INVALID_OPTION` for what MongoDB would refuse */
export function checkCollectionName(name: string): string {
  if (typeof name === 'string' && /^(?!system\.|\.)[^$\0]{1,190}(?<!\.)$/.test(name)) return name
  throw invalidOption('mongodb: collection', 'a name without $ that does not begin with system.', name)
}

/** The database that a URL names, if it does. */
export function databaseIn(url: string | undefined): string | undefined {
  const name = /^[^/]*\/\/[^/]*\/([^?]+)/.exec(url ?? '')?.[1]
  if (name === undefined) return undefined
  try {
    return decodeURIComponent(name)
  } catch {
    // The driver says what is wrong with it.
    return name
  }
}
