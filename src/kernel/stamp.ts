/** The versions of a tag or scope: one that invalidations change, and one that also changes when it is made stale. */
export interface Version {
  readonly hard: string
  readonly soft: string
}

/** A tag or a level of a scope, as far as this process knows of its changes. Counts are those of its labels. */
export interface Label {
  /** The key of its marker. */
  readonly key: string
  /** The count at its last invalidation. */
  readonly hardAt: number
  /** The count when it was last made stale. */
  readonly softAt: number
  /** The moment of that. */
  readonly softenedAt: number
}

/** What an entry was made under. */
export interface Stamp {
  readonly labels: readonly Label[]
  /** One for each label; none where no authority keeps them. */
  readonly versions: readonly Version[]
  /** So many of the labels, the first, every reader knows from the params; the others must be named to it. */
  readonly known: number
  /** The count of changes at which it was last found valid. As long as it is the same, nothing has to be compared. */
  at: number
}

/** How an entry stands with its labels. */
export type Standing = 'valid' | 'stale' | 'invalid'

/** How a stamp stands. @param count the count of changes now */
export function standing(stamp: Stamp, count: number): Standing {
  if (stamp.at === count) return 'valid'
  const { labels, at } = stamp
  let softened = false
  for (const label of labels) {
    if (label.hardAt > at) return 'invalid'
    if (label.softAt > at) softened = true
  }
  if (softened) return 'stale'
  stamp.at = count
  return 'valid'
}

/** Whether one of a stamp's labels was invalidated since it was last found valid. */
export function isInvalid({ labels, at }: Stamp): boolean {
  return labels.some((label) => label.hardAt > at)
}

/** When a stamp that stands stale began to. */
export function softenedAt(stamp: Stamp): number {
  const moments = stamp.labels.filter((label) => label.softAt > stamp.at).map((label) => label.softenedAt)
  return Math.min(...moments)
}
