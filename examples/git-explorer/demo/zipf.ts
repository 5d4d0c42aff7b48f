import type { Chance } from 'tiercel'

/**
 * Draws from a list as readers choose pages: the second is asked for half as often as the first, the third a third
 * as often (G. K. Zipf's law with exponent 1).
 */
export function zipf<Item>(list: readonly Item[], chance: Pick<Chance, 'fraction'>): () => Item {
  let sum = 0
  const sums = list.map((_, rank) => (sum += 1 / (rank + 1)))
  return () => {
    const drawn = chance.fraction() * sum
    let low = 0
    let high = list.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] as number) > drawn) high = middle
      else low = middle + 1
    }
    return list[low] as Item
  }
}
