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
  const path = [...within, value]
  const inside = (item: unknown): string => encode(item, path)

  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return encodeRecord(value, inside)
  switch (prototype) {
    case Array.prototype:
      return encodeList(value as readonly unknown[], inside)
    case Date.prototype:
      return `Date(${(value as Date).getTime()})`
    case URL.prototype:
      return `URL(${JSON.stringify((value as URL).href)})`
    case RegExp.prototype:
      return `RegExp(${JSON.stringify((value as RegExp).source)},${(value as RegExp).flags})`
    case Map.prototype:
      return `Map(${[...(value as Map<unknown, unknown>)].map(([key, item]) => `${inside(key)}=>${inside(item)}`).join()})`
    case Set.prototype:
      return `Set(${[...(value as Set<unknown>)].map(inside).join()})`
    case ArrayBuffer.prototype:
      return `ArrayBuffer(${Buffer.from(value as ArrayBuffer).toString('base64url')})`
    default:
      return encodeView(value)
  }
}

function encodeList(list: readonly unknown[], inside: (item: unknown) => string): string {
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

function encodeView(value: object): string {
  if (!ArrayBuffer.isView(value)) throw unkeyable(value)
  const name = Object.prototype.toString.call(value).slice(8, -1)
  return `${name}(${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64url')})`
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
