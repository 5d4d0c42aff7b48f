import { parseDuration, type Duration } from '../kernel/duration.ts'
import { CacheError, invalidOption } from '../kernel/errors.ts'
import type { UrlParameter } from './storage-url.ts'

/** What may stand behind the question mark: a number, a duration, a text, yes or no, or one of some words. */
type ParameterKind = 'count' | 'duration' | 'text' | 'flag' | readonly string[]

/** Parameters by their names. Those with a dot are options of a group: `limits.connect`. */
export type ParameterKinds = Readonly<Record<string, ParameterKind>>

/**
 * Turns parameters into options. What the program gives as options goes before what the URL says.
 * @throws CacheError `INVALID_OPTION` for values that aren't of their kind, and for parameters that are given twice
 */
export function readOptions(
  parameters: readonly UrlParameter[],
  kinds: ParameterKinds,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const options: Record<string, unknown> = {}
  const seen = new Set<string>()
  for (const { name, value } of parameters) {
    if (seen.has(name)) throw new CacheError('INVALID_OPTION', `openStorage: ${name}: expected once, got twice`)
    seen.add(name)
    const [group = '', option] = name.split('.')
    const kind = kinds[name] ?? 'text'
    if (option === undefined) options[group] = parseParameter(name, value, kind)
    else options[group] = { ...(options[group] as object | undefined), [option]: parseParameter(name, value, kind) }
  }
  return merge(options, given)
}

/** @throws CacheError `INVALID_OPTION` that names the parameters there are, and never a value */
export function refuseUnknown(scheme: string, unknown: readonly UrlParameter[], kinds: ParameterKinds): void {
  const [first] = unknown
  if (first === undefined) return
  const names = Object.keys(kinds)
  const known = names.length === 0 ? 'no parameters' : `some of the parameters ${names.join(', ')}`
  throw invalidOption(`openStorage: ${scheme}:`, known, first.name)
}

function parseParameter(name: string, value: string, kind: ParameterKind): unknown {
  const where = `openStorage: ${name}`
  if (typeof kind !== 'string') {
    if (kind.includes(value)) return value
    throw invalidOption(where, `one of ${kind.join(', ')}`, value)
  }
  switch (kind) {
    case 'text':
      return value
    case 'count':
      if (/^\d{1,15}$/.test(value)) return Number(value)
      throw invalidOption(where, 'a whole number', value)
    case 'flag':
      if (value === 'true' || value === 'false') return value === 'true'
      throw invalidOption(where, 'true or false', value)
    case 'duration':
      if (value === 'Infinity') return Infinity
      return parseDuration(/^\d+$/.test(value) ? Number(value) : (value as Duration), where)
  }
}

function merge(fromUrl: Record<string, unknown>, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged = { ...fromUrl, ...given }
  for (const [name, group] of Object.entries(fromUrl)) {
    if (typeof group === 'object' && group !== null) merged[name] = { ...group, ...(given[name] as object | undefined) }
  }
  return merged
}
