const headerBytes = 20
const lengthBytes = 4
const byteaType = 17

/**
 * A list of values as one parameter of the type `bytea[]`, in the server's own binary form. The driver would write it as
 * text in hexadecimal digits, twice as long. One parameter for each column, however many rows there are: so the text of
 * a statement never changes, and no limit of parameters matters.
 */
export function byteArray(values: readonly (Uint8Array | null)[]): Uint8Array {
  const size = values.reduce((sum, value) => sum + lengthBytes + (value?.length ?? 0), headerBytes)
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  // One dimension, may hold nulls, of this type, so many of them, counted from 1.
  for (const word of [values.length === 0 ? 0 : 1, 1, byteaType, values.length, 1]) at = bytes.writeInt32BE(word, at)
  for (const value of values) {
    at = bytes.writeInt32BE(value?.length ?? -1, at)
    if (value === null) continue
    bytes.set(value, at)
    at += value.length
  }
  return values.length === 0 ? bytes.subarray(0, 12) : bytes
}
