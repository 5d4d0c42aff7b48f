/** Random numbers that are the same in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Requests for keys 0, 1, …: key k in proportion to 1 / (k + offset) ** exponent. */
export function zipf(exponent: number, keys: number, requests: number, seed: number, offset = 1): Int32Array {
  const upTo = new Float64Array(keys)
  let sum = 0
  for (let key = 0; key < keys; key++) upTo[key] = sum += (key + offset) ** -exponent
  const random = seededRandom(seed)
  return Int32Array.from({ length: requests }, () => firstAbove(upTo, random() * sum))
}

function firstAbove(upTo: Float64Array, target: number): number {
  let low = 0
  let high = upTo.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((upTo[middle] ?? 0) < target) low = middle + 1
    else high = middle
  }
  return low
}
