import type { Places } from '../plan.ts'
import type { RemoteTier } from '../tiers/remote-tier.ts'
import type { KnownLabel, KnownVersion } from './labels.ts'

const day = 24 * 60 * 60_000

/**
 * Makes the markers that are missing, lets all of them live for twice as long as an entry under them, a day at least, and
 * learns what stands. Twice, so that it has to be done once in an entry's life and not at every load.
 *
 * @param life milliseconds that an entry lives
 * @returns the versions; `undefined` where there is none to be had
 * @throws CacheError `STORAGE_UNAVAILABLE`
 */
export async function ensure<Value>(
  { labels, commons }: Places<Value>,
  authority: RemoteTier<Value>,
  wanted: readonly KnownLabel[],
  life: number,
): Promise<readonly (KnownVersion | undefined)[]> {
  if (wanted.length === 0) return []
  const asked = commons.clock.now()
  const marked = Math.max(day, 2 * life)
  const versions = await authority.markers.ensure(
    wanted.map((label) => label.key),
    marked,
  )
  for (const [index, label] of wanted.entries()) {
    labels.learn(label, versions[index])
    if (versions[index] !== undefined) label.ensuredUntil = Math.max(label.ensuredUntil, asked + marked)
  }
  return versions
}
