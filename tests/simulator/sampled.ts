import { seededRandom } from './seeded-random.ts'

/** Requests for few keys, some asked for more often than others. */
export function sampledKeys(requests: number, keys: number, seed = 1): readonly number[] {
  const random = seededRandom(seed)
  return Array.from({ length: requests }, () => Math.floor(random() * random() * keys))
}
