import { connect, type Connection, type Limits } from './connection.ts'
import type { Credentials } from './endpoint.ts'
import { textOf, type Address, type ClientMaker, type Reply } from './server-client.ts'

/** A master that has a name, and sentinels that know where it is. */
export interface SentinelOptions {
  /** What the master is called there. */
  readonly name: string
  /** The sentinels, as `host:port`; 26379 is their usual port. */
  readonly nodes: readonly string[]
  /** The login at the sentinels, if they ask for one. That of the master stands in the `url`. */
  readonly login?: Credentials
}

/** Finds a master by its name. The sentinel that answered is asked first the next time. */
export class Sentinels {
  readonly #maker: ClientMaker
  readonly #limits: Limits
  readonly #name: string
  #nodes: readonly Address[]

  /** @param maker makes clients with the login at the sentinels */
  constructor(maker: ClientMaker, limits: Limits, name: string, nodes: readonly Address[]) {
    this.#maker = maker
    this.#limits = limits
    this.#name = name
    this.#nodes = nodes
  }

  /** @throws if no sentinel answers, or none knows the name */
  async master(): Promise<Address> {
    const causes: unknown[] = []
    for (const node of this.#nodes) {
      try {
        const address = await this.#ask(node)
        this.#nodes = [node, ...this.#nodes.filter((other) => other !== node)]
        return address
      } catch (cause) {
        causes.push(cause)
      }
    }
    const [cause] = causes
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`no sentinel knows a master '${this.#name}': ${reason}`, { cause: new AggregateError(causes) })
  }

  async #ask(node: Address): Promise<Address> {
    const connection = await connect(this.#maker.make({ address: node }), this.#limits)
    try {
      const reply = await connection.send(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.#name])
      if (!Array.isArray(reply)) throw new Error(`unknown to ${node.host}:${node.port}`)
      const [host, port] = reply as readonly Reply[]
      return { host: textOf(host), port: Number(textOf(port)) }
    } finally {
      connection.end()
    }
  }
}

/** A sentinel may be late: whoever says that it is a replica isn't believed to be the master. */
export async function insistOnMaster(connection: Connection): Promise<Connection> {
  const reply = await connection.send(['ROLE'])
  const role = textOf((reply as readonly Reply[])[0])
  if (role === 'master') return connection
  connection.end()
  throw new Error(`what was named as the master is a ${role}`)
}
