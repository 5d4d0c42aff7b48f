import { describe, expect, test } from 'vitest'
import { fingerprint } from '../../src/kernel/hash.ts'
import { readHeader, splitStored } from '../../src/serializers/envelope.ts'
import { currentVersion, goldenCases } from './golden/cases.ts'
import { goldenNames, readGolden, storedToday } from './golden/files.ts'

test('every golden file has a case that says what it means, and every case its file', () => {
  expect([...goldenNames()].sort()).toEqual(goldenCases.map(({ name }) => name).sort())
  expect(goldenNames().length).toBeGreaterThan(0)
})

describe.each(goldenCases)('$name', (golden) => {
  const { name, serializer, value, createdAt, staleAt, expiredAt } = golden

  test('is still readable, and means the same', () => {
    const { header, payload } = splitStored(readGolden(name))
    const { versions, ...envelope } = readHeader(header)
    expect(envelope).toEqual({ serializer: fingerprint(serializer.name), createdAt, staleAt, expiredAt })
    expect(versions?.list()).toEqual(golden.versions)
    expect(serializer.decode(payload)).toStrictEqual(value)
  })

  // What V8 writes depends on its version.
  if (serializer.name !== 'json' || !name.startsWith(`${currentVersion}-`)) return
  test('is written today as it was then, to the byte', () => {
    expect(Buffer.from(storedToday(golden)).toString('hex')).toBe(Buffer.from(readGolden(name)).toString('hex'))
  })
})
