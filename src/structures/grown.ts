/** The same array if it is long enough, else a longer one with the same beginning. */
export function grownBytes(array: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  if (array.length >= length) return array
  const larger = new Uint8Array(length)
  larger.set(array)
  return larger
}

/** As {@link grownBytes}. Exactly as long as it must be: an array that grows by itself grows by half. */
export function grownList<Item>(list: (Item | undefined)[], length: number): (Item | undefined)[] {
  if (list.length >= length) return list
  const larger = new Array<Item | undefined>(length)
  for (let at = 0; at < list.length; at++) larger[at] = list[at]
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
