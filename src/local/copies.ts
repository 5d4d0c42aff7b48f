/** Freezes a value and every plain object and array in it, as deep as they go; what is frozen already is taken as done. */
export function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  // Freezing a buffer's view throws, and freezing a Map or a Date doesn't keep it from changing.
  if (!Array.isArray(value) && !isPlain(value)) return
  Object.freeze(value)
  for (const part of Object.values(value)) deepFreeze(part)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
