import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fingerprint } from '../../../src/kernel/hash.ts'
import { joinStored, writeHeader } from '../../../src/serializers/envelope.ts'
import type { GoldenCase } from './cases.ts'

const folder = fileURLToPath(new URL('./', import.meta.url))

/** The names of all golden files, without `.bin`. */
export function goldenNames(): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.bin'))
    .map((file) => file.slice(0, -'.bin'.length))
}

export function goldenPath(name: string): string {
  return `${folder}${name}.bin`
}

export function readGolden(name: string): Uint8Array {
  return new Uint8Array(readFileSync(goldenPath(name)))
}

/** What is stored for a case today. */
export function storedToday({ serializer, value, ...moments }: GoldenCase): Uint8Array {
  const header = writeHeader({ ...moments, serializer: fingerprint(serializer.name) })
  return joinStored({ header, payload: serializer.encode(value) })
}
