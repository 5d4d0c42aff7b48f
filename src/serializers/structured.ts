import { deserialize, serialize } from 'node:v8'
import type { Serializer } from '../contracts/serializer.ts'
import { CacheError } from '../kernel/errors.ts'

/**
 * V8's structured clone: everything JSON has, and `undefined`, `Date`, `Map`, `Set`, `RegExp`, `bigint`, `NaN`, `-0`,
 * typed arrays, `Error`s and objects that contain themselves. Functions, symbols and instances of classes are
 * refused when they are written. Readable by Node of the same or a later version; about half as fast to read as JSON.
 */
export function structured(): Serializer {
  return serializer
}

const serializer: Serializer = {
  name: 'structured',
  encode(value) {
    refuseClasses(value, new Set())
    try {
      return serialize(value)
    } catch (cause) {
      throw new CacheError('UNSERIALIZABLE', `structured() can't carry the value: ${(cause as Error).message}`, { cause })
    }
  },
  decode: (bytes) => deserialize(bytes) as unknown,
}

const carried: ReadonlySet<unknown> = new Set([
  Object.prototype,
  null,
  Array.prototype,
  Date.prototype,
  RegExp.prototype,
  ArrayBuffer.prototype,
  Buffer.prototype,
  Boolean.prototype,
  Number.prototype,
  String.prototype,
  ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((kind) => kind.prototype as unknown),
])

// V8 would turn an instance of a class into a plain object, in silence.
function refuseClasses(value: unknown, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  seen.add(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Map.prototype) {
    for (const [key, item] of value as Map<unknown, unknown>) {
      refuseClasses(key, seen)
      refuseClasses(item, seen)
    }
    return
  }
  if (prototype === Set.prototype) {
    for (const item of value as Set<unknown>) refuseClasses(item, seen)
    return
  }
  if (isTypedArray(prototype)) return
  if (!carried.has(prototype)) {
    throw new CacheError('UNSERIALIZABLE', `structured() can't carry a ${value.constructor.name} unchanged: make it plain`)
  }
  for (const item of Object.values(value)) refuseClasses(item, seen)
}

const typedArray: unknown = Object.getPrototypeOf(Uint8Array.prototype)

function isTypedArray(prototype: unknown): boolean {
  return prototype === DataView.prototype || (prototype !== null && Object.getPrototypeOf(prototype) === typedArray)
}
