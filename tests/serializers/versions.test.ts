import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readHeader, staleHeader, writeHeader } from '../../src/serializers/envelope.ts'
import {
  type CarriedVersion,
  markerOf,
  momentOf,
  newVersion,
  randomLength,
  readVersions,
  versionIn,
  writeVersions,
} from '../../src/serializers/versions.ts'

const version = fc
  .tuple(fc.uint8Array({ minLength: randomLength, maxLength: randomLength }), fc.nat(2 ** 47))
  .map(([random, moment]) => newVersion(random, moment))
const unnamed = fc.array(version, { maxLength: 20 })
const named = fc.array(
  fc.tuple(version, fc.string({ unit: 'grapheme' })).map(([one, name]): CarriedVersion => ({ ...one, name })),
  { maxLength: 20 },
)
const carried = fc.tuple(unnamed, named).map(([known, others]): CarriedVersion[] => [...known, ...others])

describe('the versions an entry carries', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(carried, (versions) => {
        expect(readVersions(writeVersions(versions)).list()).toEqual(versions)
      }),
    )
  })

  test('stand behind a header that tells its moments as before, and stay when it is made stale', () => {
    fc.assert(
      fc.property(carried, (versions) => {
        const header = writeHeader({ serializer: 7, createdAt: 1_000, staleAt: 5_000, expiredAt: 9_000, versions })
        const told = [header, staleHeader(header, 2_000)].map((bytes) => {
          const { versions: read, ...envelope } = readHeader(bytes)
          return [envelope, read?.list() ?? []]
        })
        expect(told).toEqual([
          [{ serializer: 7, createdAt: 1_000, staleAt: 5_000, expiredAt: 9_000 }, versions],
          [{ serializer: 7, createdAt: 1_000, staleAt: 2_000, expiredAt: 6_000 }, versions],
        ])
      }),
    )
  })

  test('that are cut short, or have something behind them, are UNREADABLE', () => {
    fc.assert(
      fc.property(carried, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 3 }), (versions, cut, more) => {
        const bytes = writeVersions(versions)
        const unreadable = expect.objectContaining({ code: 'UNREADABLE' }) as Error
        expect(() => readVersions(bytes.subarray(0, cut % bytes.length))).toThrow(unreadable)
        expect(() => readVersions(Buffer.concat([bytes, more]))).toThrow(unreadable)
      }),
    )
  })

  test('whatever the bytes, are versions or UNREADABLE, and never another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readVersions(bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'UNREADABLE' })
        }
      }),
    )
  })

  test('are refused when a header has no room for them', () => {
    const one = { ...newVersion(new Uint8Array(randomLength), 0), name: 'x'.repeat(30_000) }
    expect(() => writeVersions([one, one, one])).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

test('a version comes back from its marker, and what is no version is none', () => {
  fc.assert(
    fc.property(version, (one) => {
      const { header, payload } = markerOf(one)
      expect(versionIn({ header, payload })).toEqual(one)
      expect(versionIn({ header: payload, payload: header })).toBeUndefined()
      expect(versionIn({ header: header.subarray(1), payload })).toBeUndefined()
    }),
  )
})

test('a version tells when it was made, to the millisecond', () => {
  const random = new Uint8Array(randomLength)
  for (const moment of [0, 1, Date.UTC(2026, 0, 1), 2 ** 48 - 1])
    expect(momentOf(newVersion(random, moment))).toBe(moment)
  expect(momentOf(newVersion(random, -5))).toBe(0)
  expect(momentOf(newVersion(random, 7.9))).toBe(7)
})
