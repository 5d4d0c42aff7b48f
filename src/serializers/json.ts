import type { Serializer } from '../contracts/serializer.ts'
import { CacheError } from '../kernel/errors.ts'

/**
 * JSON, and only what JSON gives back unchanged: strings, finite numbers (but not `-0`), booleans, `null`, lists
 * without holes, and plain objects. A property that is `undefined` is dropped, as JSON does.
 * Everything else (`Date`, `Map`, `bigint`, `NaN`, an instance of a class, …) is refused when it is written, so that
 * a hit never differs from a miss; {@link structured} carries most of it.
 */
export function json(): Serializer {
  return serializer
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

const serializer: Serializer = {
  name: 'json',
  encode(value) {
    refuseWhatJsonChanges(value, '', 0)
    return encoder.encode(JSON.stringify(value))
  },
  decode: (bytes) => JSON.parse(decoder.decode(bytes)) as unknown,
}

// Deeper than this is a ring, or something that JSON.stringify would run out of stack with.
const deepest = 2_000

function refuseWhatJsonChanges(value: unknown, path: string, depth: number): void {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return
  if (typeof value === 'number') {
    if (Number.isFinite(value) && !Object.is(value, -0)) return
    throw unserializable(Object.is(value, -0) ? '-0' : String(value), path)
  }
  if (typeof value !== 'object') throw unserializable(value === undefined ? 'undefined' : `a ${typeof value}`, path)
  if (depth > deepest) throw unserializable('an object that contains itself, or too deep a one', path.slice(0, 60))
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) refuseWhatJsonChanges(value[index], `${path}[${index}]`, depth + 1)
    return
  }
  refuseClass(value, path)
  for (const name in value) {
    const item = (value as Record<string, unknown>)[name]
    if (item !== undefined) refuseWhatJsonChanges(item, `${path}.${name}`, depth + 1)
  }
}

function refuseClass(value: object, path: string): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw unserializable(`a ${value.constructor.name}`, path)
  if ('toJSON' in value) throw unserializable('an object with toJSON', path)
}

function unserializable(what: string, path: string): CacheError {
  const where = path === '' ? 'the value' : `the value's ${path}`
  return new CacheError('UNSERIALIZABLE', `json() can't carry ${what} (${where}) unchanged: use structured(), or make it plain`)
}
