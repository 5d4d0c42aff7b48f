import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Duration, parseDuration, parsePositiveDuration } from '../../src/kernel/duration.ts'
import { refusalOf } from './refusal.ts'

test.each([
  ['250ms', 250],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['10d', 864_000_000],
  ['2w', 1_209_600_000],
  ['1.5h', 5_400_000],
  ['0.25s', 250],
  ['0s', 0],
  [0, 0],
  [1, 1],
  [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  [Infinity, Infinity],
] as const)('%s is %d ms', (duration, milliseconds) => {
  expect(parseDuration(duration, 'ttl')).toBe(milliseconds)
})

test.each([
  ['0.1s', 100],
  ['0.7s', 700],
  ['1.1s', 1_100],
  ['4.35s', 4_350],
  ['2.3m', 138_000],
  ['1.005s', 1_005],
] as const)('%s comes out whole, whatever binary fractions make of it', (duration, milliseconds) => {
  expect(parseDuration(duration, 'ttl')).toBe(milliseconds)
})

const nonsense: readonly unknown[] = [
  '5 parsecs',
  '5 m',
  ' 5m',
  '5m ',
  '5m\n',
  'm',
  '5',
  '',
  '5M',
  '5y',
  '1h30m',
  '.5s',
  '5.s',
  '1e3ms',
  '0x10s',
  '+5s',
  '-5s',
  'Infinity',
  'Infinitys',
  -1,
  -0.5,
  1.5,
  NaN,
  -Infinity,
  '0.5ms',
  '1.0005s',
  null,
  undefined,
  true,
  5n,
  {},
  [5],
  new Date(5),
]

test.each(nonsense)('%s is no duration', (duration) => {
  const error = refusalOf(() => parseDuration(duration as Duration, "node 'user': ttl"))
  expect(error.code).toBe('INVALID_OPTION')
  expect(error.message).toMatch(/^node 'user': ttl: expected a duration in whole milliseconds, or with a unit/)
})

test('the message says what came', () => {
  const error = refusalOf(() => parseDuration('5 parsecs' as Duration, 'ttl'))
  expect(error.message).toContain('got "5 parsecs"')
})

test('a length of nothing is refused where something is needed, and named', () => {
  const error = refusalOf(() => parsePositiveDuration('0s', 'createCache: ttl'))
  expect(error.code).toBe('INVALID_OPTION')
  expect(error.message).toBe('createCache: ttl: expected a duration longer than nothing, got "0s"')
  expect(parsePositiveDuration(1, 'ttl')).toBe(1)
})

describe('whatever text it is given', () => {
  const units = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 }

  test('a whole number of any unit is that many times the unit', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w'), (count, unit) => {
        expect(parseDuration(`${count}${unit}`, 'ttl')).toBe(count * units[unit])
      }),
    )
  })

  test('it answers whole milliseconds, or throws INVALID_OPTION', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^-?\d{0,4}(\.\d{0,7})? ?(ms|[smhdw])?$/))
    fc.assert(
      fc.property(fc.oneof(text, fc.double()), (duration) => {
        let milliseconds: number
        try {
          milliseconds = parseDuration(duration as Duration, 'ttl')
        } catch {
          expect(refusalOf(() => parseDuration(duration as Duration, 'ttl')).code).toBe('INVALID_OPTION')
          return
        }
        expect(milliseconds === Infinity || (Number.isInteger(milliseconds) && milliseconds >= 0)).toBe(true)
      }),
    )
  })
})
