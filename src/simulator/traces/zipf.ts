import { invalidOption } from '../../kernel/errors.ts'
import { RequestBatches } from './request-batches.ts'
import type { Trace, TraceReading } from './trace.ts'

export interface ZipfOptions {
  /** How uneven: 0 asks for all keys alike; 0.7 to 1.1 is what one sees on the web. */
  readonly exponent: number
  /** How many keys can be asked for. */
  readonly keys: number
  readonly requests: number
  /** 32 bits; the same seed gives the same trace. Without: 1. */
  readonly seed?: number
}

/**
 * A made-up trace after Zipf's law: the n-th most popular key is asked for in proportion to 1 / n ** exponent,
 * independently of what came before. Real traces have more order in time; this one shows how a policy does when popularity is all there is.
 *
 * @throws CacheError `INVALID_OPTION` for numbers that make no sense
 */
export function zipfTrace({ exponent, keys, requests, seed = 1 }: ZipfOptions): Trace {
  if (!(exponent >= 0 && exponent <= 10)) throw invalidOption('zipf: exponent', 'a number from 0 to 10', exponent)
  if (!isCount(keys, mostKeys)) throw invalidOption('zipf: keys', `a whole number from 1 to ${mostKeys}`, keys)
  if (!isCount(requests, 2 ** 31)) throw invalidOption('zipf: requests', 'a whole number from 1 to 2 ** 31', requests)
  if (!Number.isInteger(seed)) throw invalidOption('zipf: seed', 'a whole number', seed)
  const end = seed === 1 ? '' : `:${seed}`
  return new ZipfTrace(`zipf:${exponent}:${keys}:${requests}${end}`, { exponent, keys, requests, seed })
}

class ZipfTrace implements Trace {
  readonly name: string
  readonly isRepeatable = true
  readonly #options: Required<ZipfOptions>

  constructor(name: string, options: Required<ZipfOptions>) {
    this.name = name
    this.#options = options
  }

  async *read({ keys, limit }: TraceReading): AsyncGenerator<Uint32Array, void> {
    const upTo = sums(this.#options)
    const all = upTo.at(-1) ?? 0
    const random = seededRandom(this.#options.seed)
    const requests = new RequestBatches(Math.min(limit, this.#options.requests))
    while (!requests.isComplete) {
      requests.add(keys.ofWords(firstFrom(upTo, random() * all), 0))
      yield* requests.takeFull()
    }
    yield* requests.takeRest()
  }
}

// What the keys up to each weigh together.
function sums({ exponent, keys }: ZipfOptions): Float64Array {
  const upTo = new Float64Array(keys)
  let sum = 0
  for (let key = 0; key < keys; key++) upTo[key] = sum += (key + 1) ** -exponent
  return upTo
}

function firstFrom(upTo: Float64Array, target: number): number {
  let low = 0
  let high = upTo.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((upTo[middle] ?? 0) < target) low = middle + 1
    else high = middle
  }
  return low
}

// Mulberry32: numbers from 0 to 1 that are the same in every run.
function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function isCount(count: number, most: number): boolean {
  return Number.isInteger(count) && count >= 1 && count <= most
}

const mostKeys = 100_000_000
