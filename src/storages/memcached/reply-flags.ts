import type { Reply } from './reply-parser.ts'

/** What a reply says under a flag: of `HD c17 t-1`, `17` under `c`. @returns `undefined` if it doesn't say */
export function flagIn({ words, value }: Reply, flag: string): string | undefined {
  const first = value === undefined ? 1 : 2
  for (let index = first; index < words.length; index++) {
    const word = words[index] as string
    if (word.startsWith(flag)) return word.slice(flag.length)
  }
  return undefined
}
