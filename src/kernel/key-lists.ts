/** How long the lists of {@link keyLists} may be, in characters, and how many there may be. */
export interface KeyListLimits {
  readonly longest: number
  readonly most: number
}

/**
 * Keys as JSON lists of printable ASCII, none of them longer than a limit.
 * @returns `undefined` if they don't fit: there are too many, or one is too long by itself
 */
export function keyLists(keys: readonly string[], { longest, most }: KeyListLimits): readonly string[] | undefined {
  const lists: string[] = []
  let list = ''
  for (const key of keys) {
    const one = asciiJson(key)
    if (one.length > longest - 2) return undefined
    if (list.length + one.length + 3 > longest) {
      lists.push(`[${list}]`)
      list = ''
      if (lists.length === most) return undefined
    }
    list += list === '' ? one : `,${one}`
  }
  if (list !== '') lists.push(`[${list}]`)
  return lists
}

/** JSON with nothing but printable ASCII in it. */
export function asciiJson(value: string | object): string {
  return JSON.stringify(value).replace(/[^\0-~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
