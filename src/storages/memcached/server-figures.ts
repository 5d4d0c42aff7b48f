import type { ServerFigures } from '../../contracts/storage.ts'

/** The figures of several servers as those of one: everything that any program has asked of them. */
export function figuresOf(stats: readonly ReadonlyMap<string, string>[]): ServerFigures {
  const sum = (name: string): number => stats.reduce((total, one) => total + Number(one.get(name) ?? 0), 0)
  const hitCount = sum('get_hits')
  const missCount = sum('get_misses')
  return {
    hitCount,
    missCount,
    hitRate: hitCount === 0 ? 0 : hitCount / (hitCount + missCount),
    evictionCount: sum('evictions'),
    memoryBytes: sum('bytes'),
    keyCount: sum('curr_items'),
  }
}
