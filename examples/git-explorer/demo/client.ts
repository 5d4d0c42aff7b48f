import { Agent, get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Origin, origins } from '../origin.ts'

/** A page as a reader got it. */
export interface Reading {
  readonly status: number
  /** Absent on errors. */
  readonly origin: Origin | undefined
  /** From the request to the last byte. */
  readonly milliseconds: number
  readonly text: string
}

/** Reads pages over HTTP, as a browser would, and keeps its connections. */
export class Client implements Disposable {
  readonly #url: string
  readonly #agent: Agent

  constructor(url: string) {
    this.#url = url
    this.#agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  }

  async read(path: string, signal?: AbortSignal): Promise<Reading> {
    const started = performance.now()
    const response = await this.#get(path, signal)
    const body = await text(response)
    const milliseconds = performance.now() - started
    const [said] = String(response.headers['server-timing'] ?? '').split(';')
    const origin = origins.find((name) => name === said)
    return { status: response.statusCode ?? 0, origin, milliseconds, text: body }
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  #get(path: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      get(`${this.#url}${path}`, { agent: this.#agent, signal }, resolve).on('error', reject)
    })
  }
}
