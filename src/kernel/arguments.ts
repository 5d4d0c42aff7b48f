import { CacheError, describe } from './errors.ts'
import { digest } from './hash.ts'

/** Makes a key from the arguments of a call. */
export type ArgumentsToKey = (parameters: readonly unknown[]) => string

/**
 * Ways to make a key from arguments. Both are injective: `1` and `'1'`, `null` and `undefined`, `[1]` and `1`,
 * `{ a: undefined }` and `{}` never share a key, and the order of an object's properties makes no difference.
 *
 * They carry primitives, arrays, plain objects, `Date`, `URL`, `RegExp`, `Map`, `Set`, typed arrays and `ArrayBuffer`.
 * Anything else (functions, instances of classes, local symbols, rings) is refused with `UNKEYABLE`, because two
 * of them could not be told apart in another process.
 */
export const keys: { readonly readable: ArgumentsToKey; readonly digest: ArgumentsToKey } = {
  /** Keys a person can read: `"AAPL",{days:3}`. */
  readable: (parameters) => parameters.map((value) => encode(value, [])).join(),
  /** Keys of fixed length, 192 bits: for long arguments, or those that should not be seen. */
  digest: (parameters) => digest(keys.readable(parameters)),
}

// Deeper arguments would end in a stack overflow, depending on who calls.
const deepest = 500

function encode(value: unknown, within: readonly object[]): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'bigint':
      return `${value}n`
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'symbol':
      return encodeSymbol(value)
    case 'function':
      throw unkeyable(value)
    case 'object':
      return value === null ? 'null' : encodeObject(value, within)
  }
}

function encodeSymbol(symbol: symbol): string {
  const name = Symbol.keyFor(symbol)
  if (name === undefined) throw unkeyable(symbol)
  return `Symbol(${JSON.stringify(name)})`
}

function encodeObject(value: object, within: readonly object[]): string {
  if (within.includes(value)) throw unkeyable(value, 'an object that contains itself')
  if (within.length >= deepest) throw unkeyable(value, `an object more than ${deepest} levels deep`)
  const path = [...within, value]
  const inside = (item: unknown): string => encode(item, path)

  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === Object.prototype || prototype === null) return encodeRecord(value, inside)
  if (prototype === Array.prototype) return encodeList(value as readonly unknown[], inside)
  if (ArrayBuffer.isView(value)) return encodeView(value, prototype)
  const text = encodeBuiltIn(value, prototype, inside)
  if (text === undefined) throw unkeyable(value)
  if (Object.keys(value).length > 0) throw unkeyable(value, `${describe(value)} with properties of its own`)
  return text
}

function encodeBuiltIn(value: object, prototype: object, inside: (item: unknown) => string): string | undefined {
  switch (prototype) {
    case Date.prototype:
      return `Date(${(value as Date).getTime()})`
    case URL.prototype:
      return `URL(${JSON.stringify((value as URL).href)})`
    case RegExp.prototype:
      return encodePattern(value as RegExp)
    case Map.prototype:
      return `Map(${[...(value as Map<unknown, unknown>)].map(([key, item]) => `${inside(key)}=>${inside(item)}`).join()})`
    case Set.prototype:
      return `Set(${[...(value as Set<unknown>)].map(inside).join()})`
    case ArrayBuffer.prototype:
      return `ArrayBuffer(${Buffer.from(value as ArrayBuffer).toString('base64url')})`
    default:
      return undefined
  }
}

function encodeList(list: readonly unknown[], inside: (item: unknown) => string): string {
  if (Object.getOwnPropertySymbols(list).length > 0) throw unkeyable(list, 'a list with symbols for names')
  const items = Array.from(list, (item, index) => (index in list ? inside(item) : ''))
  if (Object.keys(list).length !== items.filter((_, index) => index in list).length) {
    throw unkeyable(list, 'a list with properties of its own')
  }
  // A hole at the end needs its comma, or `[,]` would read like `[]`.
  const end = list.length > 0 && !(list.length - 1 in list) ? ',' : ''
  return `[${items.join()}${end}]`
}

function encodeRecord(record: object, inside: (item: unknown) => string): string {
  if (Object.getOwnPropertySymbols(record).length > 0) throw unkeyable(record, 'an object with symbols for names')
  const pairs = Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${pairs.map(([name, item]) => `${isWord(name) ? name : JSON.stringify(name)}:${inside(item)}`).join()}}`
}

function encodePattern(pattern: RegExp): string {
  // Where a search goes on is part of what it will find.
  const from = pattern.lastIndex === 0 ? '' : `,${pattern.lastIndex}`
  return `RegExp(${JSON.stringify(pattern.source)},${pattern.flags}${from})`
}

const typedArray: unknown = Object.getPrototypeOf(Uint8Array.prototype)

function encodeView(view: ArrayBufferView, prototype: object): string {
  const isBuiltIn = prototype === DataView.prototype || Object.getPrototypeOf(prototype) === typedArray
  if (!isBuiltIn && prototype !== Buffer.prototype) throw unkeyable(view)
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength)
  return `${prototype.constructor.name}(${bytes.toString('base64url')})`
}

function isWord(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name)
}

function unkeyable(value: unknown, what = describe(value)): CacheError {
  return new CacheError(
    'UNKEYABLE',
    `can't make a key from ${what}: give a \`key\` function that says what tells calls apart`,
  )
}
