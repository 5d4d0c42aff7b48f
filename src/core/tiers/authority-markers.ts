import { createHash } from 'node:crypto'
import type { MarkerChange, Stored } from '../../contracts/storage.ts'
import type { Chance } from '../../kernel/chance.ts'
import type { Clock } from '../../kernel/clock.ts'
import { isVersionIn, markerOf, momentOf, newVersion, randomLength, versionIn } from '../../serializers/versions.ts'
import type { KnownVersion } from '../reach/labels.ts'
import type { Channel } from './channel.ts'

// What is made by being changed is carried by nothing yet: whoever comes to carry it prolongs its life.
const lifeOfChanged = 60_000

/** What the markers of an authority are read and changed through. */
export interface AuthorityMarkersParts {
  readonly channel: Channel
  readonly clock: Clock
  readonly chance: Chance
  /** Puts a time limit around a call, and gives its failure a name. */
  readonly call: <Answer>(operation: string, answer: Promise<Answer>) => Promise<Answer>
}

interface Readable {
  readonly key: string
  readonly known?: KnownVersion | undefined
}

/** The markers of tags and scopes as an authority keeps them: versions instead of bytes. */
export class AuthorityMarkers {
  readonly #parts: AuthorityMarkersParts

  constructor(parts: AuthorityMarkersParts) {
    this.#parts = parts
  }

  /** The versions of labels; `undefined` where there is none that can be read. What is known still, is the answer. */
  async read(labels: readonly Readable[]): Promise<(KnownVersion | undefined)[]> {
    const { channel, call } = this.#parts
    const stored = await call('getMany', channel.getMany(labels.map((label) => label.key)))
    return labels.map(({ known }, index) => this.#versionOf(stored[index], known))
  }

  /**
   * Makes those that are missing, and prolongs those that would end sooner than in `life` milliseconds.
   * @returns what stands; `undefined` for what somebody else put there, which is deleted
   */
  async ensure(keys: readonly string[], life: number): Promise<(KnownVersion | undefined)[]> {
    const { channel, call } = this.#parts
    // What is made is stamped with the authority's time, which is known once it is open.
    await call('open', channel.open())
    const ttl = life === Infinity ? undefined : Math.ceil(life)
    const wanted = keys.map((key) => ({ key, ...markerOf(this.#newVersion()), ttl }))
    const stood = await call('ensureMany', channel.ensureMany(wanted))
    const versions = keys.map((_, index) => this.#versionOf(stood[index]))
    const strange = keys.filter((_, index) => versions[index] === undefined)
    if (strange.length > 0) await call('deleteMany', channel.storage.deleteMany(strange))
    return versions
  }

  /** Gives each a version of its own, or only a soft one. @returns them */
  async change(keys: readonly string[], kind: 'invalidate' | 'expire'): Promise<KnownVersion[]> {
    const { channel, call } = this.#parts
    await call('open', channel.open())
    const versions = keys.map(() => this.#newVersion())
    const changes = keys.map((key, index): MarkerChange => {
      const change = { key, ...markerOf(versions[index] as KnownVersion), ttl: lifeOfChanged }
      return kind === 'expire' ? { ...change, softOnly: true } : change
    })
    await call('changeMany', channel.changeMany(changes))
    return versions
  }

  #versionOf(stored: Stored | undefined, known?: KnownVersion): KnownVersion | undefined {
    if (stored === undefined) return undefined
    if (known !== undefined && isVersionIn(known, stored)) return known
    const version = versionIn(stored)
    return version && { ...version, softenedAt: this.#parts.channel.timeline.fromStorage(momentOf(version)) }
  }

  #newVersion(): KnownVersion {
    const { chance, clock, channel } = this.#parts
    const random = createHash('sha256').update(chance.token()).digest().subarray(0, randomLength)
    const now = clock.now()
    return { ...newVersion(random, channel.timeline.toStorage(now)), softenedAt: now }
  }
}
