import { setTimeout as wait } from 'node:timers/promises'
import { withDeadline } from '../../flight/deadline.ts'
import { systemClock } from '../../kernel/clock.ts'
import { addressOf, readLayout, redirection, type ClusterLayout } from './cluster-layout.ts'
import { connect, type Limits } from './connection.ts'
import { Link } from './link.ts'
import { errorCode, textOf, type Address, type ClientMaker, type Reply } from './server-client.ts'
import type { Command, Listeners, Server, Servers } from './servers.ts'
import { slotOf } from './slots.ts'

// A slot may be on the move while it is asked for, and keys that belong together be apart for a moment.
const mostRedirections = 8
const firstPause = 10
// While a master is away, every call is a reason to look for its successor.
const surveysApart = 100

/** The masters of a cluster, over one connection each. */
export class ClusterServers implements Servers {
  readonly isSharded = true
  readonly slotOf: (key: string | Uint8Array) => number = slotOf
  readonly #maker: ClientMaker
  readonly #limits: Limits
  readonly #seeds: readonly Address[]
  readonly #links = new Map<string, Link>()
  #layout: ClusterLayout | undefined
  #survey: Promise<ClusterLayout> | undefined
  #surveyedAt = -Infinity
  #isClosed = false

  /** @param seeds some of its nodes; the others are asked for */
  constructor(maker: ClientMaker, limits: Limits, seeds: readonly Address[]) {
    this.#maker = maker
    this.#limits = limits
    this.#seeds = seeds
  }

  async open(): Promise<void> {
    const { masters } = await this.#known()
    await Promise.all(masters.map((master) => this.#link(master).connected()))
  }

  async ask(command: Command): Promise<Reply> {
    const owner = await this.#ownerOf(command.slot)
    try {
      return await this.#link(owner).send(command.words)
    } catch (error) {
      const answer = await this.#afterError(command, error as Error, owner)
      if (answer instanceof Error) throw answer
      return answer
    }
  }

  async askAll(commands: readonly Command[]): Promise<readonly (Reply | Error)[]> {
    const layout = await this.#known()
    const byOwner = new Map<string, number[]>()
    const replies = new Array<Reply | Error>(commands.length)
    for (const [index, { slot }] of commands.entries()) {
      const owner = layout.owners[slot]
      if (owner === undefined) replies[index] = this.#unserved(slot)
      else byOwner.set(owner, [...(byOwner.get(owner) ?? []), index])
    }
    await Promise.all([...byOwner].map((batch) => this.#askOwner(batch, commands, replies)))
    return replies
  }

  async each(): Promise<readonly Server[]> {
    const { masters } = await this.#known()
    return masters.map((master) => ({ send: (words) => this.#link(master).send(words) }))
  }

  async layout(): Promise<string> {
    return (await this.#surveyed()).text
  }

  async isMoving(): Promise<boolean> {
    const nodes = await Promise.all((await this.each()).map((server) => server.send(['CLUSTER', 'NODES'])))
    // A node tells only of itself which slots it is giving or getting: [4711->-…] and [4711-<-…].
    return nodes.some((text) => /\[\d+-[<>]-/.test(textOf(text)))
  }

  async listeners(): Promise<Listeners> {
    const { masters, text } = await this.#surveyed()
    return {
      clients: (feed) => masters.map((master) => this.#maker.make({ address: addressOf(master), feed })),
      limit: this.#limits.connect,
      layout: text,
      survey: () => this.layout(),
    }
  }

  close(): void {
    this.#isClosed = true
    for (const link of this.#links.values()) link.close()
  }

  async #askOwner(
    [owner, places]: readonly [string, readonly number[]],
    commands: readonly Command[],
    replies: (Reply | Error)[],
  ): Promise<void> {
    const batch = places.map((place) => commands[place] as Command)
    const answers = await this.#link(owner)
      .sendAll(batch.map(({ words }) => words))
      .catch((error: unknown) => batch.map(() => error as Error))
    await Promise.all(
      places.map(async (place, index) => {
        const answer = answers[index] as Reply | Error
        replies[place] =
          answer instanceof Error ? await this.#afterError(batch[index] as Command, answer, owner) : answer
      }),
    )
  }

  /** Follows redirections, and waits for slots that are on the move. Any other error is the answer. */
  async #afterError(command: Command, error: Error, owner: string): Promise<Reply | Error> {
    let failure = error
    let asked = owner
    for (let attempt = 0; attempt < mostRedirections; attempt++) {
      try {
        switch (errorCode(failure)) {
          case 'MOVED':
            asked = redirection(failure, asked)
            // It knows more than we do; what else has changed will be heard from the cluster.
            this.#suspect()
            return await this.#link(asked).send(command.words)
          case 'ASK': {
            const [, answer] = await this.#link(redirection(failure, asked)).sendAll([['ASKING'], command.words])
            if (!(answer instanceof Error)) return answer as Reply
            failure = answer
            break
          }
          case 'TRYAGAIN':
            await wait(firstPause * 2 ** attempt)
            asked = await this.#ownerOf(command.slot)
            return await this.#link(asked).send(command.words)
          default:
            if (errorCode(failure) === undefined || errorCode(failure) === 'CLUSTERDOWN') this.#suspect()
            return failure
        }
      } catch (next) {
        failure = next as Error
      }
    }
    return failure
  }

  async #ownerOf(slot: number): Promise<string> {
    const owner = (await this.#known()).owners[slot]
    if (owner === undefined) throw this.#unserved(slot)
    return owner
  }

  #unserved(slot: number): Error {
    this.#suspect()
    return new Error(`no master of the cluster serves slot ${slot}`)
  }

  #link(address: string): Link {
    let link = this.#links.get(address)
    if (link === undefined) {
      link = new Link(async () => connect(this.#maker.make({ address: addressOf(address) }), this.#limits))
      if (this.#isClosed) link.close()
      this.#links.set(address, link)
    }
    return link
  }

  #known(): Promise<ClusterLayout> {
    return this.#layout === undefined ? this.#surveyed() : Promise.resolve(this.#layout)
  }

  /** Something isn't where it was: looks, but nobody waits for it. */
  #suspect(): void {
    if (performance.now() - this.#surveyedAt >= surveysApart) this.#surveyed().catch(() => {})
  }

  /** Asks the cluster for its layout. */
  #surveyed(): Promise<ClusterLayout> {
    this.#survey ??= this.#askAnybody().finally(() => {
      this.#survey = undefined
      this.#surveyedAt = performance.now()
    })
    return this.#survey
  }

  async #askAnybody(): Promise<ClusterLayout> {
    const seeds = this.#seeds.map(({ host, port }) => `${host}:${port}`)
    const causes: unknown[] = []
    for (const node of new Set([...(this.#layout?.masters ?? []), ...seeds])) {
      try {
        const layout = readLayout(await this.#answerOf(node), addressOf(node).host)
        // A node that has been cut off knows nobody.
        if (layout.masters.length === 0) throw new Error(`${node} knows of no master that serves slots`)
        this.#adopt(layout)
        return layout
      } catch (error) {
        causes.push(error)
      }
    }
    const [cause] = causes
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`no node of the cluster could be asked: ${reason}`, { cause: new AggregateError(causes) })
  }

  // Not as long as a dead one would need to be noticed: there are others to ask.
  #answerOf(node: string): Promise<Reply> {
    return withDeadline(
      this.#link(node).send(['CLUSTER', 'SLOTS']),
      this.#limits.connect,
      systemClock,
      () => new Error(`${node} did not answer within ${this.#limits.connect} ms`),
    )
  }

  #adopt(layout: ClusterLayout): void {
    this.#layout = layout
    const wanted = new Set([...layout.masters, ...this.#seeds.map(({ host, port }) => `${host}:${port}`)])
    for (const [address, link] of this.#links) {
      if (wanted.has(address)) continue
      // A replica by now, or gone. Who has asked it something is still answered by it.
      this.#links.delete(address)
      link.retire()
    }
  }
}
