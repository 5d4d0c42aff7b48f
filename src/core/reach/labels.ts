import { fingerprint } from '../../kernel/hash.ts'
import type { Label, Version } from '../../kernel/stamp.ts'

// So many labels are remembered for their own sake; of the others only those that an entry in memory carries.
const mostRemembered = 10_000

/** What is known of the version that stands in the authority. */
export interface KnownVersion extends Version {
  /** When its soft part was made, on this process's clock. */
  readonly softenedAt: number
}

/** A label, as its {@link Labels} keep it. */
export interface KnownLabel extends Label {
  /** A number made from its key, the same everywhere: to order labels by at little cost. */
  readonly order: number
  hardAt: number
  softAt: number
  softenedAt: number
  /** The count when this process last called for a change of it. */
  calledAt: number
  /** The count when such a change was last called for, or had settled. */
  changedAt: number
  /** The version last read, or changed to by this process. Absent: none, or none that one could be sure of. */
  known: KnownVersion | undefined
  /** The tick at which that was. */
  knownSince: number
  /** Until then the marker lives at least, on this process's clock. */
  ensuredUntil: number
  /** A change of it that this process has under way. */
  changing: Promise<unknown> | undefined
}

/**
 * The tags and scopes of one authority, as far as this process knows them: their changes, counted, so that an entry in
 * memory is checked by comparing integers, and the versions last seen of their markers.
 *
 * A label lives as long as something carries it, or as long as it is among the last ones used. What is forgotten was
 * not carried by anything in memory; a load that began before it was forgotten can't know whether it has changed.
 */
export class Labels {
  /** Changes so far. Whoever found an entry valid at this count finds it valid again. */
  count = 0
  #tick = 0
  /** The count at the last change of a label that has been forgotten. */
  #forgottenAt = 0
  readonly #remembered = new Map<string, KnownLabel>()
  readonly #carried = new Map<string, WeakRef<KnownLabel>>()
  readonly #gone = new FinalizationRegistry<string>((key) => {
    if (this.#carried.get(key)?.deref() === undefined) this.#carried.delete(key)
  })

  /** How many are known. */
  get size(): number {
    return this.#carried.size
  }

  /** Time as labels count it: later is greater. */
  tick(): number {
    return ++this.#tick
  }

  /** The label of a marker's key. */
  of(key: string): KnownLabel {
    const label = this.#carried.get(key)?.deref() ?? this.#create(key)
    this.#remembered.delete(key)
    this.#remembered.set(key, label)
    if (this.#remembered.size > mostRemembered) this.#forgetOldest()
    return label
  }

  /** What a read of the authority has shown; `undefined` where there is no marker. */
  learn(label: KnownLabel, version: KnownVersion | undefined): void {
    const { known } = label
    if (version === known) return
    if (version !== undefined && known?.hard === version.hard && known.soft === version.soft) return
    if (known !== undefined) {
      if (known.hard !== version?.hard) label.hardAt = ++this.count
      else {
        label.softAt = ++this.count
        label.softenedAt = version.softenedAt
      }
    }
    if (known?.hard !== version?.hard) label.ensuredUntil = -Infinity
    label.known = version
    label.knownSince = this.tick()
  }

  /** This process makes everything unusable that carries one of these, or makes it stale: it calls for it, or has. */
  change(
    keys: Iterable<string>,
    kind: 'invalidate' | 'expire',
    phase: { readonly now: number; readonly called: boolean },
  ): void {
    const count = ++this.count
    for (const key of keys) {
      const label = this.of(key)
      label.changedAt = count
      if (phase.called) label.calledAt = count
      if (kind === 'invalidate') {
        label.hardAt = count
        this.#doubt(label)
      } else {
        label.softAt = count
        label.softenedAt = phase.now
        label.known &&= { ...label.known, soft: '', softenedAt: phase.now }
      }
    }
  }

  /** This process has made a version, or a soft one, and the authority has it. */
  own(key: string, version: KnownVersion, kind: 'invalidate' | 'expire'): void {
    const label = this.of(key)
    if (kind === 'invalidate') label.known = version
    else label.known &&= { ...version, hard: label.known.hard }
    label.knownSince = this.tick()
  }

  /**
   * A feed tells that markers have changed, by whomever, in whichever way: copies in memory are verified below. What is
   * being loaded may be written all the same, since it carries the versions that tell.
   */
  told(keys: readonly string[]): void {
    for (const key of keys) {
      const label = this.#carried.get(key)?.deref()
      if (label === undefined) continue
      label.hardAt = ++this.count
      this.#doubt(label)
    }
  }

  /** Any marker may have changed, or be gone; copies in memory are verified for the same reason. */
  doubtAll(): void {
    for (const carried of this.#carried.values()) {
      const label = carried.deref()
      if (label !== undefined) this.#doubt(label)
    }
  }

  /** Every marker is gone: whatever carries one is of no use any more. */
  changeAll(): void {
    this.doubtAll()
    const count = ++this.count
    this.#forgottenAt = count
    for (const carried of this.#carried.values()) {
      const label = carried.deref()
      if (label !== undefined) label.hardAt = label.calledAt = label.changedAt = count
    }
  }

  #doubt(label: KnownLabel): void {
    label.known = undefined
    label.ensuredUntil = -Infinity
  }

  #create(key: string): KnownLabel {
    const label: KnownLabel = {
      key,
      order: fingerprint(key),
      hardAt: this.#forgottenAt,
      softAt: 0,
      softenedAt: 0,
      calledAt: this.#forgottenAt,
      changedAt: this.#forgottenAt,
      known: undefined,
      knownSince: 0,
      ensuredUntil: -Infinity,
      changing: undefined,
    }
    this.#carried.set(key, new WeakRef(label))
    this.#gone.register(label, key)
    return label
  }

  #forgetOldest(): void {
    for (const [key, label] of this.#remembered) {
      this.#remembered.delete(key)
      this.#forgottenAt = Math.max(this.#forgottenAt, label.changedAt)
      return
    }
  }
}
