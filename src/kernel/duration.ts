import { invalidOption } from './errors.ts'

const millisecondsOf = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

type Unit = keyof typeof millisecondsOf

/**
 * A length of time: whole milliseconds as a number, or a string with a unit
 * (`'250ms'`, `'30s'`, `'5m'`, `'1.5h'`, `'10d'`, `'2w'`). `Infinity` is allowed where "for ever" makes sense.
 */
export type Duration = number | `${number}${Unit}`

const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/

/**
 * Turns a duration into milliseconds, once, when something is defined.
 *
 * @param where how the option is called in the error, e.g. `node 'user-info': ttl`
 * @returns whole milliseconds, 0 or more, or `Infinity`
 * @throws CacheError `INVALID_OPTION` for anything that isn't a duration, and for parts of a millisecond
 */
export function parseDuration(duration: Duration, where: string): number {
  const milliseconds = typeof duration === 'string' ? parseText(duration) : duration
  if (milliseconds === Infinity) return Infinity
  if (typeof milliseconds === 'number' && Number.isInteger(milliseconds) && milliseconds >= 0) return milliseconds
  throw invalidOption(
    where,
    "a duration in whole milliseconds, or with a unit like '250ms', '30s', '5m', '1h', '10d'",
    duration,
  )
}

/** As {@link parseDuration}, but a length of nothing is refused too. */
export function parsePositiveDuration(duration: Duration, where: string): number {
  const milliseconds = parseDuration(duration, where)
  if (milliseconds > 0) return milliseconds
  throw invalidOption(where, 'a duration longer than nothing', duration)
}

function parseText(text: string): number | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  // 0.1 * 1000 and the like must come out whole where a person would say that they are.
  return Number((Number(match[1]) * millisecondsOf[match[2] as Unit]).toFixed(6))
}
