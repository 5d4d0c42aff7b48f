/** The same array if it is long enough, else a longer one with the same beginning. */
export function grownBytes(array: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (array.length >= length) return array
  const larger = new Uint8Array(length)
  larger.set(array)
  return larger
}

/** As {@link grownBytes}. */
export function grownIntegers(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (array.length >= length) return array
  const larger = new Int32Array(length)
  larger.set(array)
  return larger
}

/** As {@link grownBytes}. */
export function grownNumbers(array: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  if (array.length >= length) return array
  const larger = new Float64Array(length)
  larger.set(array)
  return larger
}
