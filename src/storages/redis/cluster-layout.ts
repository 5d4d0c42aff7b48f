import { textOf, type Address, type Reply } from './server-client.ts'
import { slotCount } from './slots.ts'

/** Which master serves which slot. */
export interface ClusterLayout {
  /** The address of a slot's master, as `host:port`; absent where nobody serves it. */
  readonly owners: readonly (string | undefined)[]
  /** The masters that serve slots. */
  readonly masters: readonly string[]
  /** The same text for the same layout. */
  readonly text: string
}

/**
 * Reads the answer to `CLUSTER SLOTS`.
 * @param asked the host that answered: a node that doesn't know its own name leaves it out
 */
export function readLayout(reply: Reply, asked: string): ClusterLayout {
  const owners = new Array<string | undefined>(slotCount).fill(undefined)
  const ranges: string[] = []
  for (const [first, last, master] of reply as readonly (readonly [number, number, readonly Reply[]])[]) {
    const [host, port] = master
    const name = textOf(host ?? '')
    const address = `${name === '' || name === '?' ? asked : name}:${textOf(port)}`
    owners.fill(address, first, last + 1)
    ranges.push(`${first}-${last} ${address}`)
  }
  const masters = [...new Set(owners)].filter((owner) => owner !== undefined)
  return { owners, masters, text: ranges.sort().join('\n') }
}

/** The inverse of `host:port`. */
export function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) }
}

/** Where a `MOVED` or `ASK` points to, which may leave out the host that said so. */
export function redirection(error: Error, asked: string): string {
  const target = error.message.split(' ')[2] ?? ''
  return target.startsWith(':') ? `${addressOf(asked).host}${target}` : target
}
