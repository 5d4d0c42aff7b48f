/** A pattern of Redis that matches what starts with `prefix`, taken literally. */
export function startingWith(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`
}
