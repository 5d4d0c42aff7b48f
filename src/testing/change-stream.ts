import type { FeedListener } from '../contracts/storage.ts'

// Beyond it a follower is told that everything may have changed, as servers do.
const mostKeysTold = 1_000

/** The changes of some data, told to all who follow, a microtask after they happened. */
export class ChangeStream {
  readonly #followers = new Set<Follower>()

  /** Tells everything from now on to a listener. @returns what stops it */
  follow(prefix: string, listener: FeedListener): () => void {
    const follower = { prefix, listener }
    this.#followers.add(follower)
    listener.unbroken()
    return () => void this.#followers.delete(follower)
  }

  /** Says that keys have changed. */
  tell(keys: readonly string[]): void {
    if (keys.length === 0 || this.#followers.size === 0) return
    queueMicrotask(() => {
      for (const { prefix, listener } of this.#followers) {
        const theirs = keys.filter((key) => key.startsWith(prefix))
        if (theirs.length > mostKeysTold) listener.changedAll()
        else if (theirs.length > 0) listener.changed(theirs)
      }
    })
  }
}

interface Follower {
  readonly prefix: string
  readonly listener: FeedListener
}
