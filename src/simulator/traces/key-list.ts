import { invalidOption } from '../../kernel/errors.ts'
import type { KeyNumbers } from '../key-numbers.ts'
import { RequestBatches } from './request-batches.ts'
import type { Trace, TraceReading } from './trace.ts'

/**
 * A trace of keys that a program has, or makes as they are asked for. Anything but an array is read only once.
 *
 * @example
 * traceOf(['a', 'b', 'a'])
 */
export function traceOf(
  keys: Iterable<string | number> | AsyncIterable<string | number>,
  { name = 'keys' }: { readonly name?: string } = {},
): Trace {
  return new KeyList(name, keys)
}

class KeyList implements Trace {
  readonly name: string
  readonly isRepeatable: boolean
  readonly #keys: Iterable<string | number> | AsyncIterable<string | number>

  constructor(name: string, keys: Iterable<string | number> | AsyncIterable<string | number>) {
    this.name = name
    this.isRepeatable = Array.isArray(keys) || ArrayBuffer.isView(keys)
    this.#keys = keys
  }

  async *read({ keys, limit }: TraceReading): AsyncGenerator<Uint32Array, void> {
    const requests = new RequestBatches(limit)
    // A list shall not wait for a promise at every key.
    if (Symbol.asyncIterator in this.#keys) {
      for await (const key of this.#keys) {
        requests.add(numberOf(key, keys))
        yield* requests.takeFull()
        if (requests.isComplete) break
      }
    } else {
      for (const key of this.#keys) {
        requests.add(numberOf(key, keys))
        yield* requests.takeFull()
        if (requests.isComplete) break
      }
    }
    yield* requests.takeRest()
  }
}

function numberOf(key: string | number, keys: KeyNumbers): number {
  if (typeof key === 'string') return keys.ofText(key)
  if (Number.isSafeInteger(key)) return keys.ofWords(key, Math.floor(key / 2 ** 32))
  throw invalidOption('traceOf', 'keys that are strings or whole numbers', key)
}
