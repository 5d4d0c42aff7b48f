import { describe, invalidOption } from '../../kernel/errors.ts'

// What an entry carries must fit into a header, and every reader asks for all of it.
const mostTags = 128
const longestTag = 256

/**
 * Labels an invalidation can name: a list, or made from the params, or from the params and the value. What needs the
 * value is known only after the load.
 */
export type Tags<Params, Value> = readonly string[] | ((params: Params, value: Value) => readonly string[])

/** @throws CacheError `INVALID_OPTION` for anything but a text of 1 to 256 characters */
export function checkedTag(tag: unknown, where: string): string {
  if (typeof tag === 'string' && tag !== '' && tag.length <= longestTag) return tag
  throw invalidOption(`${where}: tags`, `texts of 1 to ${longestTag} characters`, tag)
}

/**
 * A list of tags, as they were given; each is for {@link checkedTag}.
 * @param most how many there may be; default 128, as many as an entry can have
 * @throws CacheError `INVALID_OPTION` for more, and for what is no list
 */
export function checkedTags(tags: readonly string[], where: string, most: number = mostTags): readonly string[] {
  const given: unknown = tags
  if (!Array.isArray(given)) throw invalidOption(`${where}: tags`, 'a list of texts', given)
  if (tags.length <= most) return tags
  throw invalidOption(`${where}: tags`, `at most ${most} of them`, `${tags.length}, ${describe(tags[0])} first`)
}
