import { setInterval } from 'node:timers/promises'
import type { CacheNode } from 'tiercel'
import type { Branch } from './answers.ts'
import type { Repository } from './repository.ts'

/** What is told about the heads of a repository. */
export interface HeadsListener {
  /** A branch moved, appeared or went; nothing old is served of it any more. */
  moved?(name: string): void
  /** Looking failed, or what moved could not be forgotten. Told once, and tried again at every look. */
  failed?(error: unknown): void
}

/**
 * Watches where the branches are, and invalidates what is cached of one that has moved. It asks git rather than
 * the file system, because heads may be files, lines in `packed-refs`, or in a table of some newer kind.
 */
export class Heads implements AsyncDisposable {
  readonly #repository: Repository
  readonly #branch: CacheNode<string, Branch>
  readonly #listener: HeadsListener
  readonly #stop = new AbortController()
  #current: ReadonlyMap<string, string> = new Map()
  #watching: Promise<void> | undefined
  #isFailing = false

  private constructor(repository: Repository, branch: CacheNode<string, Branch>, listener: HeadsListener) {
    this.#repository = repository
    this.#branch = branch
    this.#listener = listener
  }

  static async watch(
    repository: Repository,
    branch: CacheNode<string, Branch>,
    listener: HeadsListener = {},
    every = 500,
  ): Promise<Heads> {
    const heads = new Heads(repository, branch, listener)
    await heads.#catchUp()
    heads.#watching = heads.#watch(every)
    return heads
  }

  /** Where `HEAD` and the branches are. */
  get current(): ReadonlyMap<string, string> {
    return this.#current
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#watching
  }

  // The file may remember branches from before our start, and nobody watched since.
  async #catchUp(): Promise<void> {
    this.#current = await this.#repository.heads()
    for await (const name of this.#branch.keys()) {
      const tip = this.#current.get(name)
      if (tip === undefined || (await this.#branch.get(name)).tip !== tip) await this.#branch.invalidate(name)
    }
  }

  async #watch(every: number): Promise<void> {
    const { signal } = this.#stop
    try {
      for await (const _ of setInterval(every, undefined, { signal, ref: false })) {
        await this.#look(signal).then(
          () => (this.#isFailing = false),
          (error: unknown) => this.#fail(error),
        )
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const before = this.#current
    const now = await this.#repository.heads(signal)
    const names = new Set([...before.keys(), ...now.keys()])
    const moved = [...names].filter((name) => before.get(name) !== now.get(name))
    await Promise.all(moved.map((name) => this.#branch.invalidate(name)))
    this.#current = now
    for (const name of moved) this.#listener.moved?.(name)
  }

  #fail(error: unknown): void {
    if (!this.#isFailing && !this.#stop.signal.aborted) this.#listener.failed?.(error)
    this.#isFailing = true
  }
}
