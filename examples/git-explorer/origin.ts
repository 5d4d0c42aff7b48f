import { type CacheNode, json, type Serializer } from 'tiercel'

/** Where an answer came from, the nearest first. */
export const origins = ['memory', 'sqlite', 'loaded'] as const
export type Origin = (typeof origins)[number]

const decoded = new WeakSet<object>()

/** JSON that remembers what it decoded. Memory answers with the very object that was loaded; SQLite with a new one. */
export const traced: Serializer = {
  ...json(),
  decode(bytes) {
    const value = json().decode(bytes)
    if (typeof value === 'object' && value !== null) decoded.add(value)
    return value
  },
}

/** One request on its way through the nodes. Whoever waits for another's load counts as loaded: it had to wait. */
export class Visit {
  readonly signal: AbortSignal
  #origin: Origin | undefined

  /** @param signal aborted when whoever asks has gone; the load is aborted if nobody else waits for it */
  constructor(signal: AbortSignal) {
    this.signal = signal
  }

  /** The farthest that one of its answers came from; `undefined` while it has asked for nothing. */
  get origin(): Origin | undefined {
    return this.#origin
  }

  /** Asks a node. */
  async ask<Params, Value extends object>(node: CacheNode<Params, Value>, params: Params): Promise<Value> {
    const near = node.peek(params)
    const value = await node.get(params, { signal: this.signal })
    this.#note(value === near ? 'memory' : decoded.has(value) ? 'sqlite' : 'loaded')
    return value
  }

  #note(origin: Origin): void {
    const isFarther = this.#origin === undefined || origins.indexOf(origin) > origins.indexOf(this.#origin)
    if (isFarther) this.#origin = origin
  }
}
