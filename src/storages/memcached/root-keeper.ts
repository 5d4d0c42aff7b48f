import type { Chance } from '../../kernel/chance.ts'
import { CacheError, describe } from '../../kernel/errors.ts'
import { metaGet, metaSet, type MetaCommand } from './meta-command.ts'
import { flagIn, statusOf, type Reply } from './reply-parser.ts'
import { decodeRoot, encodeRoot, judgeBy, newRoot, withClear, type Root, type Stamp } from './root.ts'
import type { WireKey } from './wire-key.ts'

/** Client flags of a root. */
const rootFlags = 0x5443_0002

// A root is read again after each clear, by everybody.
const largestRoot = 128 * 1_024

const mostRounds = 100

/** The root as it was a moment ago. */
export interface KnownRoot {
  readonly root: Root
  readonly cas: string
  /** Whether an item of this key, written under this stamp, still counts. */
  readonly counts: (key: string, stamp: Stamp) => boolean
}

type Ask = (commands: readonly MetaCommand[]) => Promise<readonly (Reply | undefined)[]>

/**
 * What one connection knows of its server's root. A call reads the root along, last, and only its cas where it is known
 * already; so it is sent again only when somebody has cleared. On another connection there may be another server behind
 * the same address, which counts its cas anew: nothing is carried over.
 */
export class RootKeeper {
  readonly #key: WireKey
  readonly #ask: Ask
  readonly #chance: Chance
  #known: KnownRoot | undefined

  constructor(key: WireKey, ask: Ask, chance: Chance) {
    this.#key = key
    this.#ask = ask
    this.#chance = chance
  }

  /** The command to send behind those of a call; {@link seen} takes its reply. */
  probe(): MetaCommand {
    return this.#known === undefined ? this.#read() : metaGet(this.#key, 'c')
  }

  /** The root as the reply to a probe tells, or newer. @returns `undefined` if there is none: then nothing counts */
  async seen(reply: Reply | undefined): Promise<KnownRoot | undefined> {
    const isAsKnown = reply?.value === undefined && reply !== undefined
    if (!isAsKnown) return this.#learn(reply)
    if (this.#known !== undefined && flagIn(reply, 'c') === this.#known.cas) return this.#known
    const [read] = await this.#ask([this.#read()])
    return this.#learn(read)
  }

  /** As {@link seen}, and makes a root if there is none. */
  async seenOrMade(reply: Reply | undefined): Promise<KnownRoot> {
    return (await this.seen(reply)) ?? this.#make()
  }

  /** What was known last; to write under, and to be probed afterwards. */
  async knownOrMade(): Promise<KnownRoot> {
    if (this.#known !== undefined) return this.#known
    const [reply] = await this.#ask([this.#read()])
    return this.seenOrMade(reply)
  }

  /**
   * Makes everything whose key starts with the prefix count no longer.
   * @throws CacheError `UNSUPPORTED` when too many different prefixes have been cleared
   */
  async clear(prefix: string): Promise<void> {
    for (let round = 0; round < mostRounds; round++) {
      const [reply] = await this.#ask([this.#read()])
      const { root, cas } = await this.seenOrMade(reply)
      const bytes = encodeRoot(withClear(root, prefix))
      if (bytes.length > largestRoot) throw tooManyClears(root.clears.size)
      if (await this.#write(bytes, `C${cas}`)) return
    }
    throw new CacheError('STORAGE_UNAVAILABLE', `memcached: others were faster to clear, ${mostRounds} times`)
  }

  async #make(): Promise<KnownRoot> {
    for (let round = 0; round < mostRounds; round++) {
      const [reply] = await this.#ask([this.#read()])
      const known = this.#learn(reply)
      if (known !== undefined) return known
      // What stands in its place and isn't one is replaced, by one of those who see it.
      const mode = reply === undefined ? 'ME' : `C${flagIn(reply, 'c')}`
      await this.#write(encodeRoot(newRoot(this.#chance.fraction())), mode)
    }
    throw new CacheError(
      'STORAGE_UNAVAILABLE',
      `memcached lost the root as soon as it was written, ${mostRounds} times`,
    )
  }

  async #write(bytes: Uint8Array, mode: string): Promise<boolean> {
    const [reply] = await this.#ask([metaSet(this.#key, [bytes], `F${rootFlags} T0 ${mode}`)])
    const status = reply && statusOf(reply)
    if (status === 'HD') return true
    if (status === 'EX' || status === 'NS' || status === 'NF') return false
    throw new CacheError('STORAGE_UNAVAILABLE', `memcached does not take the root: ${describe(reply?.line)}`)
  }

  #read(): MetaCommand {
    return metaGet(this.#key, 'v f c')
  }

  #learn(reply: Reply | undefined): KnownRoot | undefined {
    const isOurs = reply?.value !== undefined && flagIn(reply, 'f') === String(rootFlags)
    const root = isOurs ? decodeRoot(reply.value) : undefined
    const cas = reply && flagIn(reply, 'c')
    this.#known = root === undefined || cas === undefined ? undefined : { root, cas, counts: judgeBy(root) }
    return this.#known
  }
}

function tooManyClears(count: number): CacheError {
  return new CacheError(
    'UNSUPPORTED',
    `memcached can't delete by prefix, and remembers ${count} prefixes that were cleared, which is all it can: ` +
      "clear a shorter prefix that covers many of them, or '' for all",
  )
}
