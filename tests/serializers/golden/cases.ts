import type { Serializer } from '../../../src/contracts/serializer.ts'
import type { Moments } from '../../../src/kernel/entry.ts'
import { json } from '../../../src/serializers/json.ts'
import { type CarriedVersion, newVersion, randomLength } from '../../../src/serializers/versions.ts'
import { structured } from '../../../src/serializers/structured.ts'

/** The version of the header that is written today. */
export const currentVersion = 'v1'

/** Something that was stored once, and what it means. */
export interface GoldenCase extends Moments {
  /** Name of its file, without `.bin`. */
  readonly name: string
  readonly serializer: Serializer
  readonly value: unknown
  /** The tags and scopes it was made under. */
  readonly versions?: readonly CarriedVersion[]
}

const newYear = Date.UTC(2026, 0, 1)
const usual: Moments = { createdAt: newYear, staleAt: newYear + 300_000, expiredAt: newYear + 3_900_000 }

const ring: { name: string; self?: unknown } = { name: 'ring' }
ring.self = ring

const version = (seed: number): CarriedVersion =>
  newVersion(
    Uint8Array.from({ length: randomLength }, (_, index) => seed + index * 37),
    newYear + seed,
  )

export const goldenCases: readonly GoldenCase[] = [
  { name: 'v1-json-null', serializer: json(), value: null, ...usual },
  { name: 'v1-json-false', serializer: json(), value: false, ...usual },
  { name: 'v1-json-zero', serializer: json(), value: 0, ...usual },
  { name: 'v1-json-empty-text', serializer: json(), value: '', ...usual },
  {
    name: 'v1-json-record',
    serializer: json(),
    value: { id: 7, name: 'Zoë 💥', tags: ['a', 'b'], nested: { half: 0.5, large: 9007199254740991, none: null } },
    ...usual,
  },
  { name: 'v1-json-lone-surrogate', serializer: json(), value: ['\ud83d', '\u2028', '\0'], ...usual },
  {
    name: 'v1-json-for-ever',
    serializer: json(),
    value: 'eternal',
    createdAt: newYear,
    staleAt: Infinity,
    expiredAt: Infinity,
  },
  {
    name: 'v1-json-stale-for-ever',
    serializer: json(),
    value: 'revalidated at leisure',
    createdAt: newYear,
    staleAt: newYear + 1,
    expiredAt: Infinity,
  },
  { name: 'v1-json-first-moments', serializer: json(), value: [], createdAt: 0, staleAt: 1, expiredAt: 2 ** 32 },
  {
    name: 'v1-json-last-moments',
    serializer: json(),
    value: {},
    createdAt: 2 ** 32 - 1,
    staleAt: 2 ** 52 + 1,
    expiredAt: Number.MAX_SAFE_INTEGER,
  },
  { name: 'v1-json-tagged', serializer: json(), value: 'tagged', ...usual, versions: [version(1), version(2)] },
  {
    name: 'v1-json-tagged-by-result',
    serializer: json(),
    value: 'tagged by its value too',
    ...usual,
    versions: [version(3), { ...version(4), name: '=team%3A7' }, { ...version(5), name: '=ö' }],
  },
  {
    name: 'v1-structured-rich',
    serializer: structured(),
    value: {
      at: new Date(newYear),
      byName: new Map<unknown, unknown>([['a', new Set([1, 'b'])]]),
      pattern: /a"b/gi,
      large: 2n ** 70n,
      floats: [NaN, -0, Infinity],
      missing: undefined,
      bytes: Uint8Array.of(0, 1, 254, 255),
      buffer: Buffer.from('text'),
    },
    ...usual,
  },
  { name: 'v1-structured-ring', serializer: structured(), value: ring, ...usual },
  { name: 'v1-structured-null', serializer: structured(), value: null, ...usual },
]
