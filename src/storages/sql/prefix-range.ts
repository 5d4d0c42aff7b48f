/** Where keys are that begin so, in the order of their bytes: from the first up to, but not including, the second. */
export function prefixRange(prefix: Uint8Array): readonly [Uint8Array, Uint8Array] {
  // No byte of UTF-8 is 255, so the last one can always be raised, and no key comes behind 255 alone.
  const last = prefix.at(-1)
  const end = last === undefined ? Buffer.from([255]) : Buffer.from([...prefix.subarray(0, -1), last + 1])
  return [prefix, end]
}
