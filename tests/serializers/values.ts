import * as fc from 'fast-check'

/** Anything a program may hand to a cache, and then some. */
export const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
    maxDepth: 4,
  }),
  fc.constantFrom(undefined, Symbol('mine'), Symbol.for('shared'), () => 1, /a/g, new Error('no source')),
)

/** What JSON has words for. */
export const plain: fc.Arbitrary<unknown> = fc.jsonValue({ noUnicodeString: false }).map(withoutMinusZero)

/** As JSON has it: properties that are `undefined` dropped, and every object with a prototype. */
export function asJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJson)
  if (typeof value !== 'object' || value === null) return value
  return fromEntries(
    Object.entries(value).flatMap(([name, item]) => (item === undefined ? [] : [[name, asJson(item)]])),
  )
}

/** The same, with every plain object given a prototype. */
export function withPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return Object.assign(Array(value.length), mapValues(value))
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [withPrototypes(key), withPrototypes(item)]))
  if (value instanceof Set) return new Set([...value].map(withPrototypes))
  if (typeof value !== 'object' || value === null) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype ? mapValues(value) : value
}

function mapValues(value: object): object {
  return fromEntries(Object.entries(value).map(([name, item]) => [name, withPrototypes(item)]))
}

// JSON can write -0, and reads it as 0.
function withoutMinusZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(withoutMinusZero)
  if (typeof value !== 'object' || value === null) return value
  return fromEntries(Object.entries(value).map(([name, item]) => [name, withoutMinusZero(item)]))
}

// Object.fromEntries defines `__proto__` rather than setting it, which is what is wanted here.
function fromEntries(entries: readonly (readonly unknown[])[]): object {
  return Object.fromEntries(entries as readonly (readonly [string, unknown])[])
}
