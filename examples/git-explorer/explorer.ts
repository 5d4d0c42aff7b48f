import { once } from 'node:events'
import { Heads, type HeadsListener } from './heads.ts'
import { defineNodes, openCache } from './nodes.ts'
import { Repository } from './repository.ts'
import { addressOf, serve, type Shown } from './server.ts'

/** What an explorer shows, where, and what it keeps. */
export interface ExplorerOptions extends HeadsListener {
  /** A directory inside the repository. */
  readonly path: string
  /** The SQLite file. */
  readonly file: string
  /** Default: one that is free. */
  readonly port?: number | undefined
  /** `false`: every page is made anew. */
  readonly enabled?: boolean | undefined
  /** Starts without what the file remembers of this repository. */
  readonly fresh?: boolean | undefined
}

/** A repository, its cache and its server, at work until it is closed. */
export interface Explorer extends Shown, AsyncDisposable {
  readonly url: string
}

/**
 * Opens a repository and serves it.
 * @throws Error with one clear line that says why not
 */
export async function openExplorer(options: ExplorerOptions): Promise<Explorer> {
  const { path, file, port = 0, enabled = true, fresh = false } = options
  const repository = await Repository.open(path)
  const cache = openCache(repository, file, enabled)
  const closing: (() => Promise<unknown>)[] = [() => cache.close()]
  const close = async (): Promise<void> => {
    for (const step of closing.reverse()) await step()
  }

  try {
    await cache.open()
    if (fresh) await cache.clear()
    const nodes = defineNodes(cache, repository)
    const heads = await Heads.watch(repository, nodes.branch, options)
    closing.push(() => heads[Symbol.asyncDispose]())
    const server = await serve({ repository, cache, nodes, heads }, port)
    closing.push(async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    })
    return { url: addressOf(server), repository, cache, nodes, heads, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}
