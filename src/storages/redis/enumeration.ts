import { startingWith } from './glob.ts'
import { entryOfLease, isLeaseKey, leaseHead } from './lease-key.ts'
import { textOf, type Reply } from './server-client.ts'
import type { Command, Server, Servers } from './servers.ts'

// So many keys are looked at in one step of a scan: other callers wait for less than a millisecond.
const keysPerStep = '1000'

/** Pages of the keys of a server, as bytes: they may be somebody else's, and no text at all. */
async function* scan(server: Server, pattern: string, type?: string): AsyncGenerator<readonly Uint8Array[]> {
  let cursor = '0'
  do {
    const words = ['SCAN', cursor, 'MATCH', pattern, 'COUNT', keysPerStep] as const
    const reply = (await server.send(type === undefined ? words : [...words, 'TYPE', type])) as readonly Reply[]
    cursor = textOf(reply[0])
    const keys = reply[1] as readonly Uint8Array[]
    if (keys.length > 0) yield keys
  } while (cursor !== '0')
}

/** The keys of the entries that start with `prefix`, page by page; one server after the other. */
export async function* entryKeys(servers: Servers, prefix: string): AsyncGenerator<readonly string[]> {
  const passes = new Passes(servers)
  do {
    for (const server of await servers.each()) {
      for await (const page of scan(server, startingWith(prefix), 'string')) {
        const keys = page.map(keyOf).filter((key) => key !== undefined && !isLeaseKey(key)) as readonly string[]
        if (keys.length > 0) yield keys
      }
    }
  } while (await passes.needAnother())
}

/** The keys under `prefix` that are leased, in the same way. */
export async function* leasedKeys(servers: Servers, prefix: string): AsyncGenerator<readonly string[]> {
  const passes = new Passes(servers)
  do {
    for (const server of await servers.each()) {
      for await (const page of scan(server, `${leaseHead}*`)) {
        const keys = page.filter((bytes) => isLeaseUnder(prefix, bytes)).map((bytes) => entryOfLease(bytes.toString()))
        if (keys.length > 0) yield keys
      }
    }
  } while (await passes.needAnother())
}

/**
 * Deletes all entries and leases that start with `prefix`. The leases first: whoever holds one then can't write any
 * more, and what was written before is there when the entries are looked through.
 */
export async function clearPrefix(servers: Servers, prefix: string): Promise<void> {
  const passes = new Passes(servers)
  do {
    await Promise.all((await servers.each()).map((server) => clearServer(servers, server, prefix)))
  } while (await passes.needAnother())
}

// One that is there all the time, one for what moved meanwhile, and one in reserve.
const mostPasses = 3

/**
 * How often all servers must be looked through. A key that moves from a server that comes later to one that came
 * before is missed; the next time it is found, for a slot moves from one server to one other.
 */
class Passes {
  readonly #servers: Servers
  #count = 1
  #before: Promise<string>

  constructor(servers: Servers) {
    this.#servers = servers
    this.#before = this.#state()
    // Heard of when it is asked for.
    this.#before.catch(() => {})
  }

  async needAnother(): Promise<boolean> {
    if (!this.#servers.isSharded || this.#count === mostPasses) return false
    const before = await this.#before
    this.#before = this.#state()
    if (before === (await this.#before) && !before.endsWith(moving)) return false
    this.#count++
    return true
  }

  async #state(): Promise<string> {
    if (!this.#servers.isSharded) return ''
    const [layout, isMoving] = await Promise.all([this.#servers.layout(), this.#servers.isMoving()])
    return isMoving ? layout + moving : layout
  }
}

const moving = ' moving'

async function clearServer(servers: Servers, server: Server, prefix: string): Promise<void> {
  for await (const page of scan(server, `${leaseHead}*`)) {
    await unlink(
      servers,
      page.filter((bytes) => isLeaseUnder(prefix, bytes)),
    )
  }
  for await (const page of scan(server, startingWith(prefix))) await unlink(servers, page)
}

async function unlink(servers: Servers, keys: readonly Uint8Array[]): Promise<void> {
  const bySlot = new Map<number, Uint8Array[]>()
  for (const key of keys) {
    const slot = servers.slotOf(key)
    const group = bySlot.get(slot)
    if (group === undefined) bySlot.set(slot, [key])
    else group.push(key)
  }
  if (bySlot.size === 0) return
  const commands = [...bySlot].map(([slot, group]): Command => ({ slot, words: ['UNLINK', ...group] }))
  const failed = (await servers.askAll(commands)).find((reply) => reply instanceof Error)
  if (failed !== undefined) throw failed
}

function isLeaseUnder(prefix: string, bytes: Uint8Array): boolean {
  const key = textOf(bytes)
  return isLeaseKey(key) && entryOfLease(key).startsWith(prefix)
}

/** Undefined for what isn't text, and so no key of ours. */
function keyOf(bytes: Uint8Array): string | undefined {
  const text = textOf(bytes)
  return text.includes('\uFFFD') && !Buffer.from(text).equals(bytes) ? undefined : text
}
