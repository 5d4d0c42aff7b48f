import { invalidOption } from '../kernel/errors.ts'

/** A size of a cache: entries (`1000`, `'10k'`, `'2M'`), or a part of the different keys of a trace (`'5%'`). */
export type Size = number | string

/** A size, read: one of both is there. */
export interface ParsedSize {
  readonly entries?: number
  readonly percent?: number
}

/** From a thousandth of the keys to half of them: enough to see the shape of a curve. */
export const defaultSizes: readonly Size[] = ['0.1%', '0.2%', '0.5%', '1%', '2%', '5%', '10%', '20%', '50%']

/** @throws CacheError `INVALID_OPTION` for anything that isn't a size */
export function parseSize(size: Size): ParsedSize {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*(k|M|%)?$/.exec(String(size).trim()) ?? []
  const count = Number(digits ?? Number.NaN)
  if (unit === '%' && count > 0 && count <= 100) return { percent: count }
  const entries = Math.round(count * (unit === 'k' ? 1e3 : unit === 'M' ? 1e6 : 1))
  if (unit !== '%' && entries >= 1 && entries <= mostEntries) return { entries }
  throw invalidOption('sizes', "a number of entries like 1000, '10k' or '2M', or a part of the keys like '5%'", size)
}

/** The sizes in entries, each once, smallest first. */
export function entriesOf(sizes: readonly ParsedSize[], keys: number): readonly number[] {
  const all = sizes.map(({ entries, percent = 0 }) => entries ?? Math.max(1, Math.round((keys * percent) / 100)))
  return [...new Set(all)].sort((one, other) => one - other)
}

const mostEntries = 2 ** 30
